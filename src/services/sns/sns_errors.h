// Errors of this service, in AWS's words. Source: the API reference, and what clients have recorded of the service.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace mayfly::sns {

// "Invalid parameter: WHAT"
Error InvalidParameter(std::string_view what);
// "Invalid parameter: PARAMETER Reason: REASON"
Error InvalidParameter(std::string_view parameter, std::string_view reason);
// The error of a part, as an operation says it that has the part at `place`: "Invalid parameter: PLACE…".
Error PlacedAt(std::string_view place, const Error& error);
// ParameterValueInvalid, of message attributes.
Error InvalidValue(std::string message);
Error TopicDoesNotExist();
Error SubscriptionDoesNotExist();
Error NotAuthorized(std::string message);

}  // namespace mayfly::sns
