#include "services/message_rules.h"

#include <algorithm>
#include <optional>
#include <string>

#include "base/text.h"

namespace mayfly::services {
namespace {

constexpr int64_t kNumberDigitsMax = 38;
constexpr int64_t kPositivePowerMax = 126;
constexpr int64_t kNegativePowerMax = 128;
constexpr int64_t kPowerMin = -128;
// Beyond every limit, and far from where sums of it overflow.
constexpr int64_t kHugeExponent = 1'000'000'000;

std::string_view TakeDigits(std::string_view& text) {
  const std::string_view digits = text.substr(0, static_cast<size_t>(std::ranges::find_if_not(text, IsDigit) - text.begin()));
  text.remove_prefix(digits.size());
  return digits;
}

// '+', '-' or, where there is no sign, '+'.
char TakeSign(std::string_view& text) {
  if (!text.starts_with('-') && !text.starts_with('+')) return '+';
  const char sign = text.front();
  text.remove_prefix(1);
  return sign;
}

// What stands behind the digits: "", or "e-5". nullopt: something else.
std::optional<int64_t> ReadExponent(std::string_view text) {
  if (text.empty()) return 0;
  if (text.front() != 'e' && text.front() != 'E') return std::nullopt;
  text.remove_prefix(1);
  const char sign = TakeSign(text);
  if (!IsNumber(text)) return std::nullopt;
  const int64_t exponent = std::min(ParseNumber<int64_t>(text).value_or(kHugeExponent), kHugeExponent);
  return sign == '-' ? -exponent : exponent;
}

// Whether the number that `digits` mean, with their point behind the first `whole` of them, is within the limits.
bool IsWithinLimits(char sign, std::string_view digits, size_t whole, int64_t exponent) {
  const size_t first = digits.find_first_not_of('0');
  if (first == std::string_view::npos) return true;
  const size_t last = digits.find_last_not_of('0');
  if (static_cast<int64_t>(last - first + 1) > kNumberDigitsMax) return false;
  // It is d.ddd * 10^power.
  const int64_t power = static_cast<int64_t>(whole) - static_cast<int64_t>(first) - 1 + exponent;
  const int64_t power_max = sign == '-' ? kNegativePowerMax : kPositivePowerMax;
  const bool is_power_of_ten = first == last && digits[first] == '1';
  return power >= kPowerMin && (power < power_max || (power == power_max && is_power_of_ten));
}

}  // namespace

bool HasOnlyXmlCharacters(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 && byte != 0x9 && byte != 0xA && byte != 0xD) return false;
    // U+FFFE and U+FFFF
    if (byte == 0xEF && i + 2 < text.size() && static_cast<unsigned char>(text[i + 1]) == 0xBF && static_cast<unsigned char>(text[i + 2]) >= 0xBE) return false;
    // Halves of surrogate pairs: U+D800 to U+DFFF
    if (byte == 0xED && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) >= 0xA0) return false;
  }
  return true;
}

bool IsMessageNumber(std::string_view text) {
  const char sign = TakeSign(text);
  std::string digits(TakeDigits(text));
  const size_t whole = digits.size();
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    digits += TakeDigits(text);
  }
  if (digits.empty()) return false;
  const auto exponent = ReadExponent(text);
  return exponent && IsWithinLimits(sign, digits, whole, *exponent);
}

}  // namespace mayfly::services
