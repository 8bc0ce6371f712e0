#include "services/sns/sns_errors.h"

#include <fmt/format.h>

namespace mayfly::sns {

namespace {

constexpr std::string_view kInvalid = "Invalid parameter: ";

}  // namespace

Error InvalidParameter(std::string_view what) { return Error::Service("InvalidParameterException", fmt::format("{}{}", kInvalid, what)); }

Error PlacedAt(std::string_view place, const Error& error) {
  std::string_view what = error.message;
  if (what.starts_with(kInvalid)) what.remove_prefix(kInvalid.size());
  return Error::Service(error.code, fmt::format("{}{}{}", kInvalid, place, what));
}

Error InvalidParameter(std::string_view parameter, std::string_view reason) {
  return InvalidParameter(fmt::format("{} Reason: {}", parameter, reason));
}

Error InvalidValue(std::string message) { return Error::Service("InvalidParameterValueException", std::move(message)); }

Error TopicDoesNotExist() { return Error::Service("NotFoundException", "Topic does not exist"); }

Error SubscriptionDoesNotExist() { return Error::Service("NotFoundException", "Subscription does not exist"); }

Error NotAuthorized(std::string message) { return Error::Service("AuthorizationErrorException", std::move(message)); }

}  // namespace mayfly::sns
