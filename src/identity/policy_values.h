// The values that conditions of policies compare, as texts of policies and of requests write them. Pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace mayfly::identity {

// "203.0.113.0/24", "2001:db8::/32", or one address. IPv4 addresses written as IPv6 (::ffff:a.b.c.d) are IPv4.
class AddressRange {
 public:
  static std::optional<AddressRange> Parse(std::string_view text);
  // `address` without a prefix length; what is no address is in no range.
  bool Contains(std::string_view address) const;

 private:
  std::array<uint8_t, 16> bytes_{};
  int prefix_bits_ = 0;  // of bytes_, in which an IPv4 address is ::ffff:a.b.c.d
};

// A decimal number, with a fraction or exponent if wanted.
std::optional<double> ParsePolicyNumber(std::string_view text);

// Seconds since 1970 of "2026", "2026-01", "2026-01-31", "2026-01-31T12:00Z", "2026-01-31T12:00:00.5+02:00". A whole number
// that has not four digits is such seconds already. nullopt for others.
std::optional<double> ParsePolicyDate(std::string_view text);

}  // namespace mayfly::identity
