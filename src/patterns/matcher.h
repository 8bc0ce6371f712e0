// Matcher: what a pattern asks of one value of an event (a string, number, true, false or null). Values; pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/json.h"
#include "patterns/dialect.h"

namespace mayfly::patterns {

// Numbers are equal by value (300 and 3.0e2) or, where a double cannot tell, by their text. Everything else is equal as JSON.
struct Literal {
  json::Value value;
};
enum class Case : unsigned char { Exact, Ignore };  // letters beyond ASCII have no case here
enum class Place : unsigned char { Whole, Start, End };
struct Text {
  std::string text;  // in lower case when the case is ignored
  Place place;
  Case letters;
};
// The pieces between the stars: the first begins the text, the last ends it, the others follow in order.
struct Wildcard {
  std::vector<std::string> pieces;
};
enum class Comparison : unsigned char { Less, LessOrEqual, Equal, GreaterOrEqual, Greater };
struct Range {
  std::vector<std::pair<Comparison, double>> bounds;  // all hold
  double number_max;                                  // numbers beyond are no match
};
// From an address to the last one of its network, as AWS's matcher has it.
struct Network {
  std::array<uint8_t, 16> address{};
  int bytes = 0;  // 4 or 16
  int bits = 0;
};
enum class Existence : unsigned char { Present, Missing };
struct Matcher;
struct NoneOf {
  std::vector<Matcher> matchers;
};
struct Matcher {
  std::variant<Literal, Text, Wildcard, Range, Network, Existence, NoneOf> how;
};

// `leaf` is no object and no list.
bool Holds(const Matcher& matcher, const json::Value& leaf);

// What `item` of a field's list asks for. Error: the dialect's.
Result<Matcher> ReadMatcher(const json::Value& item, const Dialect& dialect);
// Whether `name` is one of a matcher's ("prefix", "numeric" …).
bool IsMatcherName(std::string_view name);

// How many partial matches of the wildcard a text can keep open at once: one for each star, and for what repeats itself behind it.
int ComplexityOf(const Wildcard& wildcard);
// Of all wildcards in it.
int ComplexityOf(const Matcher& matcher);

}  // namespace mayfly::patterns
