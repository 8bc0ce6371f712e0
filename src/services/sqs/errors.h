// Errors of this service, in AWS's words. Source: the API reference, and what clients have recorded of the service.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace mayfly::sqs {

Error QueueDoesNotExist();
Error InvalidParameterValue(std::string message);
// "Value V for parameter P is invalid. Reason: R"
Error InvalidValue(std::string_view value, std::string_view parameter, std::string_view reason);
Error InvalidAttributeValue(std::string_view attribute);
Error ReceiptHandleIsInvalid(std::string_view handle);

}  // namespace mayfly::sqs
