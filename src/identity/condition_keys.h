// ConditionKeys: what is known about a request when policies judge it, e.g. aws:SourceArn, aws:PrincipalTag/team.
//
// A key has no value (absent), one, or several. Names compare without case. A value; cheap while it is empty.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mayfly::identity {

class ConditionKeys {
 public:
  // One more value of the key. An empty `value` is a value.
  ConditionKeys& Add(std::string_view name, std::string_view value);
  // nullptr when the key is absent.
  const std::vector<std::string>* Find(std::string_view name) const;
  bool empty() const { return keys_.empty(); }
  // Adds all values of `others`.
  ConditionKeys& Merge(const ConditionKeys& others);
  // Every key with its values, in the order in which they came.
  const std::vector<std::pair<std::string, std::vector<std::string>>>& all() const { return keys_; }

 private:
  std::vector<std::pair<std::string, std::vector<std::string>>> keys_;
};

}  // namespace mayfly::identity
