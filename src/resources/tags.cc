#include "resources/tags.h"

#include <algorithm>

#include "wire/violations.h"

namespace mayfly::resources {
namespace {

constexpr std::string_view kReserved = "aws:";

bool IsReserved(std::string_view key, TagRules::Case sensitivity) {
  if (sensitivity == TagRules::Case::Exact) return key.starts_with(kReserved);
  const auto equal = [](char expected, char c) { return expected == (c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); };
  return key.size() >= kReserved.size() && std::equal(kReserved.begin(), kReserved.end(), key.begin(), equal);
}

Result<> CheckTag(const std::pair<std::string, std::string>& tag, const TagRules& rules) {
  const auto& [key, value] = tag;
  if (rules.bad_key && (key.empty() || wire::CountCharacters(key) > rules.key_characters_max)) return Fail(rules.bad_key());
  if (rules.bad_value && wire::CountCharacters(value) > rules.value_characters_max) return Fail(rules.bad_value());
  if (rules.reserved && IsReserved(key, rules.reserved_case)) return Fail(rules.reserved());
  return {};
}

Result<> CheckCount(const Tags& tags, const TagRules& rules, std::string_view resource) {
  if (rules.too_many && tags.size() > rules.count_max) return Fail(rules.too_many(resource));
  return {};
}

void SetTag(Tags& tags, const std::pair<std::string, std::string>& tag) {
  const auto found = std::ranges::find(tags, tag.first, [](const auto& known) -> const std::string& { return known.first; });
  if (found == tags.end()) tags.push_back(tag);
  else found->second = tag.second;
}

}  // namespace

Result<> CheckTags(const Tags& tags, const TagRules& rules, std::string_view resource) {
  for (const auto& tag : tags) MF_TRY_VOID(CheckTag(tag, rules));
  return CheckCount(tags, rules, resource);
}

Result<> AddTags(Tags& tags, const Tags& added, const TagRules& rules, std::string_view resource) {
  for (const auto& tag : added) MF_TRY_VOID(CheckTag(tag, rules));
  Tags next = tags;
  for (const auto& tag : added) SetTag(next, tag);
  MF_TRY_VOID(CheckCount(next, rules, resource));
  tags = std::move(next);
  return {};
}

void RemoveTags(Tags& tags, const std::vector<std::string>& keys) {
  std::erase_if(tags, [&](const auto& tag) { return std::ranges::find(keys, tag.first) != keys.end(); });
}

}  // namespace mayfly::resources
