// Passwords by rules (GetRandomPassword). Pure, but for the randomness that is given.
#pragma once

#include <string>

#include "base/random.h"
#include "base/result.h"

namespace mayfly::secretsmanager {

struct PasswordRules {
  size_t length = 32;
  std::string excluded;  // characters
  bool lower = true;
  bool upper = true;
  bool digits = true;
  bool punctuation = true;
  bool space = false;
  bool each = true;  // of each kind at least one
};
// Error: InvalidParameterException; no password is like that.
Result<std::string> MakePassword(const PasswordRules& rules, Random& random);

}  // namespace mayfly::secretsmanager
