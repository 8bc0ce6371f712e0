// Violations: what is wrong with the values of a request, in AWS's words.
//
// A codec walks a request and tells every finding; at the end ToError() makes one ValidationException of them:
//   "2 validation errors detected: Value 'x' at 'memberName' failed to satisfy constraint: Member must …; Value …"
// Values of sensitive members are left out ("Value at 'environment.variables' failed …").
// Bounds: at most kViolationsMax findings are spelt out (all are counted), and a value is shown up to kShownBytesMax.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "wire/descriptor.h"

namespace mayfly::wire {

inline constexpr size_t kViolationsMax = 100;
inline constexpr size_t kShownBytesMax = 8 * 1024;

// Where a value stands. Lives on the stack of the walk, so that a request without findings pays nothing for its texts.
struct Path {
  const Path* parent = nullptr;
  std::string_view name;  // of a member or map key
  size_t index = 0;       // of a list's element, from 1; 0 when this is a name
  bool map_key = false;

  // "vpcConfig.subnetIds", "filters.1.member.pattern", "endpoints.KEY.member"
  std::string ToString() const;
};

class Violations {
 public:
  // `shown` is the value as text with its quotes ("'x'", "null"), or "" for one that must not be shown.
  void Add(const Path& path, std::string_view shown, std::string_view constraint);
  // The one constraint whose answer is InvalidParameterValueException: a bare name that is too long.
  void AddBareName(const Path& path, std::string_view value, size_t characters_max);

  void CheckText(const Path& path, const Shape& shape, std::string_view text);
  void CheckNumber(const Path& path, const Shape& shape, double value, std::string_view text);
  // A scalar in its storage: text, blob or number. `number_text` is the number as it came.
  void CheckStored(const Path& path, const Shape& shape, const void* stored, std::string_view number_text);
  // Length of a list, map or blob. `value` is shown; it may be null for a blob.
  void CheckSize(const Path& path, const Shape& shape, size_t size, const json::Value* value);
  void Missing(const Path& path) {
    if (first_missing_.empty()) first_missing_ = path.name.empty() ? path.ToString() : std::string(path.name);
    Add(path, "null", "Member must not be null");
  }
  // The name of the first member that was missing; "" when there was none.
  const std::string& first_missing() const { return first_missing_; }

  bool empty() const { return count_ == 0 && !bare_name_; }
  Error ToError() const;

 private:
  size_t count_ = 0;
  std::string texts_;
  std::string first_missing_;
  std::optional<Error> bare_name_;
};

// Whether `text` satisfies the shape of a string (length, pattern, enum).
bool Satisfies(const Shape& shape, std::string_view text);
bool Satisfies(const Shape& shape, double value);
// Whether a scalar in its storage does; true for what has no limits but its type's.
bool StoredSatisfies(const Shape& shape, const void* stored);
// All constraints on the elements, keys or values of a container: "[Member must have length …, …, Member must not be null]".
std::string DescribeConstraints(const Shape& shape);
// A value as messages show it: 'text', '5', '[a, b]', '{k=v}', 'null'. Without the quotes. What `shape` has as doubles is shown as
// Java prints doubles: 2.0, 0.5, 1.0E-4.
std::string ShowValue(const Shape& shape, const json::Value& value);

// Characters (Unicode code points), as the limits of strings count them.
size_t CountCharacters(std::string_view text);

}  // namespace mayfly::wire
