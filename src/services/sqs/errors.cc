#include "services/sqs/errors.h"

#include <fmt/format.h>

namespace mayfly::sqs {

Error QueueDoesNotExist() { return Error::Service("QueueDoesNotExist", "The specified queue does not exist."); }

Error InvalidParameterValue(std::string message) { return Error::Service("InvalidParameterValue", std::move(message)); }

Error InvalidValue(std::string_view value, std::string_view parameter, std::string_view reason) {
  return InvalidParameterValue(fmt::format("Value {} for parameter {} is invalid. Reason: {}", value.substr(0, 2000), parameter, reason));
}

Error InvalidAttributeValue(std::string_view attribute) {
  return Error::Service("InvalidAttributeValue", fmt::format("Invalid value for the parameter {}.", attribute));
}

Error ReceiptHandleIsInvalid(std::string_view handle) {
  return Error::Service("ReceiptHandleIsInvalid", fmt::format("The input receipt handle \"{}\" is not a valid receipt handle.", handle.substr(0, 1024)));
}

}  // namespace mayfly::sqs
