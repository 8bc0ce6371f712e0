#include "services/secretsmanager/random_password.h"

#include <utility>
#include <vector>

namespace mayfly::secretsmanager {
namespace {

constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kPunctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

Error NoPassword(std::string message) { return Error::Service("InvalidParameterException", std::move(message)); }

// The kinds of characters that are left, each with what is left of it.
Result<std::vector<std::string>> KindsOf(const PasswordRules& rules) {
  std::vector<std::string> kinds;
  const std::pair<bool, std::string_view> all[] = {{rules.lower, kLower}, {rules.upper, kUpper}, {rules.digits, kDigits}, {rules.punctuation, kPunctuation}, {rules.space, " "}};
  for (const auto& [wanted, characters] : all) {
    if (!wanted) continue;
    std::string left;
    for (const char c : characters) {
      if (!rules.excluded.contains(c)) left += c;
    }
    if (!left.empty()) kinds.push_back(std::move(left));
    else if (rules.each) return Fail(NoPassword("The password can't include each required type because all of its characters are excluded."));
  }
  if (kinds.empty()) return Fail(NoPassword("No characters are left to make a password of."));
  return kinds;
}

}  // namespace

Result<std::string> MakePassword(const PasswordRules& rules, Random& random) {
  MF_TRY(const std::vector<std::string> kinds, KindsOf(rules));
  if (rules.each && rules.length < kinds.size()) return Fail(NoPassword("The password length is too short based on the required types."));
  std::string all, password;
  for (const std::string& kind : kinds) {
    all += kind;
    if (rules.each) password += kind[random.Below(kind.size())];
  }
  while (password.size() < rules.length) password += all[random.Below(all.size())];
  for (size_t at = password.size() - 1; at > 0; --at) std::swap(password[at], password[random.Below(at + 1)]);
  return password;
}

}  // namespace mayfly::secretsmanager
