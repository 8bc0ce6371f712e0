#include "resources/json_members.h"

namespace mayfly::resources {

void MemberReader::operator()(const char* name, double& value) {
  const json::Value* found = in_.Find(name);
  if (!found || !found->is_number()) return;
  if (auto number = found->AsDouble()) value = *number;
}

void MemberReader::operator()(const char* name, std::vector<std::string>& values) {
  const json::Value* found = in_.Find(name);
  if (!found || !found->is_array()) return;
  for (const json::Value& item : found->array()) {
    if (item.is_string()) values.push_back(item.string());
  }
}

void MemberReader::operator()(const char* name, StringPairs& pairs) {
  const json::Value* found = in_.Find(name);
  if (!found || !found->is_object()) return;
  for (const auto& [key, value] : found->object()) {
    if (value.is_string()) pairs.emplace_back(key, value.string());
  }
}

}  // namespace mayfly::resources
