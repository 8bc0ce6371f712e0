// FilterPattern: one pattern of a mapping's FilterCriteria, compiled. Filters: all of them.
//
// The language is EventBridge's: an object whose fields are either objects again (all must match) or lists of alternatives:
// strings, numbers, true, false, null, or one of
//   {"exists": bool}  {"prefix": s}  {"suffix": s}  {"equals-ignore-case": s}  {"wildcard": "a*b"}  {"cidr": "10.0.0.0/8"}
//   {"numeric": [">", 0, "<=", 5]}  {"anything-but": s | number | [...] | {"prefix" | "suffix" | "equals-ignore-case" | "wildcard": s | [...]}}
// and prefix and suffix of {"equals-ignore-case": s}. "$or": [{...}, {...}] in a field's place means that one of the objects matches.
// Where the event has a list, one item that matches is enough; a missing field and a field that holds an object are
// matched by {"exists": false} only. Letters beyond ASCII have no case here.
//
// Compiled when a mapping is made or changed (that is its validation) and by the mapping's poller. Immutable, usable from
// any thread. Cost of a match: at most pattern size times event size.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace mayfly::sources {

inline constexpr size_t kFilterPatternBytesMax = 4096;

class FilterPattern {
 public:
  // Error (Service): InvalidParameterValueException "Invalid filter pattern definition."
  static Result<FilterPattern> Compile(std::string_view text);

  bool Matches(const json::Value& event) const;

  // What the pattern says of one member of the event: nothing, a list of values, or an object of fields. Pollers ask it of
  // "body", "data" or "value" to know whether the payload is to be read as JSON or as plain text.
  enum class Form : unsigned char { Absent, Values, Fields };
  Form FormOf(std::string_view member) const;

  struct Fields;  // the compiled form, in filter_pattern.cc

 private:
  explicit FilterPattern(std::shared_ptr<const Fields> root) : root_(std::move(root)) {}

  std::shared_ptr<const Fields> root_;
};

// The patterns of one mapping; an event passes if one of them matches, or if there are none.
class Filters {
 public:
  // Error: as FilterPattern::Compile.
  static Result<Filters> Compile(const std::vector<std::string>& patterns);

  bool Matches(const json::Value& event) const;
  const std::vector<FilterPattern>& patterns() const { return patterns_; }

 private:
  std::vector<FilterPattern> patterns_;
};

}  // namespace mayfly::sources
