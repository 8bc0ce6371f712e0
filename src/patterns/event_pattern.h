// EventPattern: which events are wanted, compiled. One language for rules, pipes, mappings and subscriptions; what each of them allows is its
// Dialect (dialect.h).
//
// An object whose fields are either objects again (all must match) or lists of alternatives: strings, numbers, true, false, null, or one of
//   {"exists": bool}  {"prefix": s}  {"suffix": s}  {"equals-ignore-case": s}  {"wildcard": "a*b"}  {"cidr": "10.0.0.0/8"}
//   {"numeric": [">", 0, "<=", 5]}  {"anything-but": s | number | [...] | {"prefix" | "suffix" | "equals-ignore-case" | "wildcard": s | [...]}}
// and prefix and suffix of {"equals-ignore-case": s}. "$or": [{...}, {...}] in a field's place means that one of the objects matches.
// Where the event has a list, one item that matches is enough; fields below a list must match in the same item. {"exists": false}
// holds for a field that has a value nowhere in the event; one that holds an object has none. "a.b" also means b in a.
// Source: AWS "Comparison operators for use in event patterns"; the public matcher aws/event-ruler for its texts and odd cases.
//
// Immutable and cheap to copy; any thread. Cost of a match: at most pattern size times event size.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "patterns/dialect.h"

namespace mayfly::patterns {

// For limits that a service counts by itself.
struct PatternFigures {
  int64_t fields = 0;               // with values; those in "$or" all count
  int64_t depth = 0;                // 1: no object in it but the pattern's own
  int64_t or_combinations = 1;      // as many patterns without "$or" say the same
  int64_t value_combinations = 1;   // product of each field's values times its depth; branches of an "$or" are added
  int64_t wildcard_complexity = 0;  // the sum over all wildcards
};

// A field that must have one of some exact values, whatever else the pattern says.
struct ExactField {
  std::vector<std::string> path;
  std::vector<std::string> keys;  // KeyOf of each value
};

class EventPattern {
 public:
  // Error: the dialect's, for the first thing that is wrong.
  static Result<EventPattern> Compile(std::string_view text, const Dialect& dialect);

  bool Matches(const json::Value& event) const;

  // What the pattern says of one member of the event: nothing, a list of values, or an object of fields. Who filters records whose
  // payload is text ("body", "data") asks it to know whether the payload is to be read as JSON or as plain text.
  enum class Form : unsigned char { Absent, Values, Fields };
  Form FormOf(std::string_view member) const;

  PatternFigures figures() const;
  // Outside of "$or".
  std::vector<ExactField> ExactFields() const;

  struct Fields;  // the compiled form, in event_pattern.cc

 private:
  explicit EventPattern(std::shared_ptr<const Fields> root) : root_(std::move(root)) {}

  std::shared_ptr<const Fields> root_;
};

// Equal for values that a literal of a pattern takes as equal. `leaf` is no object and no list.
std::string KeyOf(const json::Value& leaf);
// The keys of all values at `path`, those in lists among them.
std::vector<std::string> KeysAt(const json::Value& event, const std::vector<std::string>& path);

}  // namespace mayfly::patterns
