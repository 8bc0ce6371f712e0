#include "identity/policy_values.h"

#include <arpa/inet.h>

#include <chrono>
#include <cstring>
#include <string>

#include "base/text.h"

namespace mayfly::identity {
namespace {

constexpr std::array<uint8_t, 12> kMappedV4 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr int kMappedV4Bits = 96;
constexpr size_t kAddressBytesMax = 64;

using AddressBytes = std::array<uint8_t, 16>;

std::optional<AddressBytes> ParseAddress(std::string_view text) {
  if (text.size() > kAddressBytesMax || text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string terminated(text);
  AddressBytes bytes{};
  if (text.find(':') != std::string_view::npos) {
    if (::inet_pton(AF_INET6, terminated.c_str(), bytes.data()) != 1) return std::nullopt;
    return bytes;
  }
  std::memcpy(bytes.data(), kMappedV4.data(), kMappedV4.size());
  if (::inet_pton(AF_INET, terminated.c_str(), bytes.data() + kMappedV4.size()) != 1) return std::nullopt;
  return bytes;
}

// Reads a date from its left end. Once something is wrong nothing more is read.
class DateReader {
 public:
  explicit DateReader(std::string_view text) : rest_(text) {}

  bool failed() const { return failed_; }
  bool at_end() const { return rest_.empty(); }
  bool Take(char c) {
    if (failed_ || rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  int Digits(size_t count, int low, int high) {
    const std::string_view digits = rest_.substr(0, count);
    if (failed_ || digits.size() != count || !IsNumber(digits)) return Failed(low);
    const int number = *ParseNumber<int>(digits);
    if (number < low || number > high) return Failed(low);
    rest_.remove_prefix(count);
    return number;
  }
  double Fraction() {
    const size_t count = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    if (count == 0 || count > 9) return Failed(0);
    const std::string text = "0." + std::string(rest_.substr(0, count));
    rest_.remove_prefix(count);
    return *ParseNumber<double>(text);
  }
  int Failed(int instead) {
    failed_ = true;
    return instead;
  }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

// What follows the T: seconds since midnight, of UTC.
double ReadTime(DateReader& in) {
  double seconds = in.Digits(2, 0, 23) * 3600;
  if (!in.Take(':')) return in.Failed(0);
  seconds += in.Digits(2, 0, 59) * 60;
  if (in.Take(':')) seconds += in.Digits(2, 0, 60);
  if (in.Take('.')) seconds += in.Fraction();
  if (in.Take('Z')) return seconds;
  const bool is_east = in.Take('+');
  if (!is_east && !in.Take('-')) return in.at_end() ? seconds : in.Failed(0);
  int offset = in.Digits(2, 0, 23) * 3600;
  in.Take(':');
  offset += in.Digits(2, 0, 59) * 60;
  return seconds - (is_east ? offset : -offset);
}

}  // namespace

std::optional<AddressRange> AddressRange::Parse(std::string_view text) {
  const size_t slash = text.find('/');
  const std::string_view address_text = text.substr(0, slash);
  const bool is_v6 = address_text.find(':') != std::string_view::npos;
  const auto address = ParseAddress(address_text);
  if (!address) return std::nullopt;
  AddressRange range;
  range.bytes_ = *address;
  range.prefix_bits_ = 128;
  if (slash == std::string_view::npos) return range;
  const auto bits = ParseNumber<int>(text.substr(slash + 1));
  if (!bits || *bits < 0 || *bits > (is_v6 ? 128 : 32)) return std::nullopt;
  range.prefix_bits_ = is_v6 ? *bits : kMappedV4Bits + *bits;
  return range;
}

bool AddressRange::Contains(std::string_view address) const {
  const auto bytes = ParseAddress(address);
  if (!bytes) return false;
  const size_t whole = static_cast<size_t>(prefix_bits_) / 8;
  if (std::memcmp(bytes->data(), bytes_.data(), whole) != 0) return false;
  const int rest = prefix_bits_ % 8;
  return rest == 0 || ((*bytes)[whole] ^ bytes_[whole]) >> (8 - rest) == 0;
}

std::optional<double> ParsePolicyNumber(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.find_first_not_of("0123456789.eE+-") != std::string_view::npos) return std::nullopt;  // nor "inf", "nan"
  return ParseNumber<double>(text);
}

std::optional<double> ParsePolicyDate(std::string_view text) {
  if (text.size() != 4 && IsNumber(text)) return ParseNumber<double>(text);
  DateReader in(text);
  const int year = in.Digits(4, 0, 9999);
  int month = 1;
  int day = 1;
  double seconds = 0;
  if (in.Take('-')) {
    month = in.Digits(2, 1, 12);
    if (in.Take('-')) {
      day = in.Digits(2, 1, 31);
      if (in.Take('T')) seconds = ReadTime(in);
    }
  }
  if (in.failed() || !in.at_end()) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch();
  return static_cast<double>(std::chrono::duration_cast<std::chrono::seconds>(days).count()) + seconds;
}

}  // namespace mayfly::identity
