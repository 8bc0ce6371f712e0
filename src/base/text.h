// Small things with text. Pure functions. Letters are ASCII's: nothing here asks a locale.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly {

inline constexpr std::string_view kLowerHexDigits = "0123456789abcdef";

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsUpperCase(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool IsLowerCase(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool IsAlphanumeric(char c) { return IsDigit(c) || IsUpperCase(c) || IsLowerCase(c); }
constexpr bool IsBlank(char c) { return c == ' ' || c == '\t'; }
constexpr char LowerCase(char c) { return IsUpperCase(c) ? static_cast<char>(c - 'A' + 'a') : c; }
// Of a hex digit in either case; -1 for another character.
constexpr int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  c = LowerCase(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::string LowerCase(std::string_view text);
bool EqualIgnoringCase(std::string_view a, std::string_view b);
bool StartsWithIgnoringCase(std::string_view text, std::string_view prefix);

// Without blanks and tabs at both ends. A view into `text`.
constexpr std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}
// Without the characters of `blanks` at both ends.
std::string_view Trim(std::string_view text, std::string_view blanks);
// Splits at `separator`; "a;;b" has an empty middle, "" is one empty piece. Views into `text`.
std::vector<std::string_view> Split(std::string_view text, char separator);

// One character or more, and all of them among `characters`.
bool ConsistsOf(std::string_view text, std::string_view characters);
// One digit or more and nothing else.
bool IsNumber(std::string_view text);
// The number that the whole text is: no blanks, no "+", no rest. nullopt: it is none, or does not fit the type.
// For int, int64_t, uint16_t, uint32_t, uint64_t and double.
template <typename Number>
std::optional<Number> ParseNumber(std::string_view text);

}  // namespace mayfly
