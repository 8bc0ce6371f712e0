// Parameter policies: what happens to a parameter at times: it expires, or somebody is told. Pure functions.
// Source: Systems Manager user guide, "Assigning parameter policies in Parameter Store".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace mayfly::ssm {

inline constexpr size_t kPoliciesMax = 10;  // of one parameter

struct ParameterPolicy {
  enum class Type : unsigned char { Expiration, ExpirationNotification, NoChangeNotification };
  Type type = Type::Expiration;
  std::string text;  // the policy as JSON
  WallTime due{};
};
std::string_view NameOf(ParameterPolicy::Type type);

// Those of a version that was made at `made`. `text`: a JSON array, "" for none. Errors: InvalidPolicyTypeException,
// InvalidPolicyAttributeException, IncompatiblePolicyException, PoliciesLimitExceededException.
Result<std::vector<ParameterPolicy>> ReadPolicies(std::string_view text, WallTime made);

}  // namespace mayfly::ssm
