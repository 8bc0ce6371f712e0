#include "identity/condition_keys.h"

#include "base/text.h"
#include "net/http_message.h"

namespace mayfly::identity {

ConditionKeys& ConditionKeys::Add(std::string_view name, std::string_view value) {
  for (auto& [known, values] : keys_) {
    if (!EqualIgnoringCase(known, name)) continue;
    values.emplace_back(value);
    return *this;
  }
  keys_.emplace_back(name, std::vector<std::string>{std::string(value)});
  return *this;
}

const std::vector<std::string>* ConditionKeys::Find(std::string_view name) const {
  for (const auto& [known, values] : keys_) {
    if (EqualIgnoringCase(known, name)) return &values;
  }
  return nullptr;
}

ConditionKeys& ConditionKeys::Merge(const ConditionKeys& others) {
  for (const auto& [name, values] : others.keys_) {
    for (const std::string& value : values) Add(name, value);
  }
  return *this;
}

}  // namespace mayfly::identity
