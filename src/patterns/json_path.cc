#include "patterns/json_path.h"

#include <algorithm>

#include "base/text.h"

namespace mayfly::patterns {

bool JsonPath::ReadName(std::string_view& text, std::vector<Step>& steps) {
  const std::string_view name = text.substr(0, text.find_first_of(".["));
  if (name.empty() || name.find_first_of("]<>\"'") != std::string_view::npos) return false;
  text.remove_prefix(name.size());
  if (name == "*") steps.emplace_back(Every());
  else steps.emplace_back(std::string(name));
  return true;
}

bool JsonPath::ReadBracket(std::string_view& text, std::vector<Step>& steps) {
  const size_t end = text.find(']');
  if (end == std::string_view::npos) return false;
  const std::string_view inside = text.substr(0, end);
  text.remove_prefix(end + 1);
  const bool is_quoted = inside.size() > 2 && (inside.front() == '\'' || inside.front() == '"') && inside.back() == inside.front();
  const auto index = ParseNumber<uint32_t>(inside);
  if (is_quoted) steps.emplace_back(std::string(inside.substr(1, inside.size() - 2)));
  else if (inside == "*") steps.emplace_back(Every());
  else if (index) steps.emplace_back(size_t{*index});
  return is_quoted || inside == "*" || index;
}

std::optional<JsonPath> JsonPath::Parse(std::string_view text) {
  if (!text.starts_with('$')) return std::nullopt;
  text.remove_prefix(1);
  JsonPath path;
  while (!text.empty()) {
    const char first = text.front();
    text.remove_prefix(1);
    const bool is_good = first == '.' ? ReadName(text, path.steps_) : first == '[' && ReadBracket(text, path.steps_);
    if (!is_good) return std::nullopt;
  }
  return path;
}

void JsonPath::Collect(const json::Value& value, const std::vector<Step>& steps, size_t at, json::Array& found) {
  if (at == steps.size()) {
    found.push_back(value);
  } else if (const auto* name = std::get_if<std::string>(&steps[at])) {
    if (const json::Value* member = value.Find(*name)) Collect(*member, steps, at + 1, found);
  } else if (const auto* index = std::get_if<size_t>(&steps[at])) {
    if (value.is_array() && *index < value.array().size()) Collect(value.array()[*index], steps, at + 1, found);
  } else if (value.is_array()) {
    for (const json::Value& item : value.array()) Collect(item, steps, at + 1, found);
  } else if (value.is_object()) {
    for (const json::Member& member : value.object()) Collect(member.second, steps, at + 1, found);
  }
}

std::optional<json::Value> JsonPath::Find(const json::Value& root) const {
  json::Array found;
  Collect(root, steps_, 0, found);
  if (found.empty()) return std::nullopt;
  const bool is_many = std::ranges::any_of(steps_, [](const Step& step) { return std::holds_alternative<Every>(step); });
  return is_many ? json::Value(std::move(found)) : std::move(found.front());
}

}  // namespace mayfly::patterns
