#include "services/ssm/filters.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace mayfly::ssm {
namespace {

constexpr std::string_view kTagPrefix = "tag:";

struct KeyRule {
  std::string_view key;
  std::vector<std::string_view> options;  // the usual one first
  bool by_path;                           // GetParametersByPath takes it, too
};

const std::vector<KeyRule>& KeyRules() {
  static const std::vector<KeyRule> kRules = {
      {"Path", {"OneLevel", "Recursive"}, false}, {"Name", {"Equals", "BeginsWith", "Contains"}, false}, {"Type", {"Equals", "BeginsWith"}, true},
      {"KeyId", {"Equals", "BeginsWith"}, true},  {"Tier", {"Equals"}, false},                             {"DataType", {"Equals", "BeginsWith"}, false},
      {"Label", {"Equals"}, true},
  };
  return kRules;
}

const KeyRule& TagRule() {
  static const KeyRule kRule = {kTagPrefix, {"Equals"}, false};
  return kRule;
}

const KeyRule* FindRule(std::string_view key, FilterUse use) {
  if (key.starts_with(kTagPrefix)) return use == FilterUse::Describe ? &TagRule() : nullptr;
  const auto rule = std::ranges::find(KeyRules(), key, &KeyRule::key);
  if (rule == KeyRules().end() || (use == FilterUse::ByPath ? !rule->by_path : rule->key == "Label")) return nullptr;
  return &*rule;
}

std::vector<std::string_view> KeysFor(FilterUse use) {
  std::vector<std::string_view> keys;
  for (const KeyRule& rule : KeyRules()) {
    if (FindRule(rule.key, use)) keys.push_back(rule.key);
  }
  return keys;
}

std::string_view OptionOf(const ParameterStringFilter& filter, const KeyRule& rule) {
  return filter.option ? std::string_view(*filter.option) : rule.options.front();
}


bool HoldsFor(std::string_view text, std::string_view wanted, std::string_view option) {
  if (option == "BeginsWith") return text.starts_with(wanted);
  if (option == "Contains") return text.find(wanted) != std::string_view::npos;
  return text == wanted;
}

bool HasTag(const ParameterRow& parameter, std::string_view key, const std::vector<std::string>& values) {
  return std::ranges::any_of(parameter.tags, [&](const auto& tag) { return tag.first == key && (values.empty() || std::ranges::find(values, tag.second) != values.end()); });
}

bool HoldsForValue(const ParameterRow& parameter, std::string_view key, std::string_view option, const std::string& value) {
  if (key == "Path") return LiesBelow(parameter, value, option == "Recursive" ? Depth::Recursive : Depth::OneLevel);
  if (key == "Name") return HoldsFor(parameter.key.path, WithoutFirstSlash(value), option);
  if (key == "Type") return HoldsFor(parameter.type, value, option);
  if (key == "KeyId") return HoldsFor(parameter.newest.key_id, value, option);
  if (key == "Tier") return HoldsFor(parameter.newest.tier, value, option);
  if (key == "DataType") return HoldsFor(parameter.newest.data_type, value, option);
  return parameter.VersionLabelled(value) != 0;
}

bool Holds(const ParameterRow& parameter, const ParameterStringFilter& filter) {
  const std::vector<std::string> values = filter.values.value_or(std::vector<std::string>());
  if (filter.key.starts_with(kTagPrefix)) return HasTag(parameter, std::string_view(filter.key).substr(kTagPrefix.size()), values);
  const KeyRule& rule = *std::ranges::find(KeyRules(), std::string_view(filter.key), &KeyRule::key);
  return std::ranges::any_of(values, [&](const std::string& value) { return HoldsForValue(parameter, rule.key, OptionOf(filter, rule), value); });
}

}  // namespace

Result<> CheckFilters(const std::vector<ParameterStringFilter>& filters, FilterUse use) {
  std::vector<std::string_view> seen;
  for (const ParameterStringFilter& filter : filters) {
    const KeyRule* rule = FindRule(filter.key, use);
    if (!rule) {
      return Fail(Error::Service("InvalidFilterKey", fmt::format("The following filter key is not valid: {}. Valid filter keys include: [{}].", filter.key,
                                                                 fmt::join(KeysFor(use), ", "))));
    }
    if (std::ranges::find(seen, std::string_view(filter.key)) != seen.end()) {
      return Fail(Error::Service("ValidationException", fmt::format("The following filter is duplicated in the request: {}. A request can contain only one instance of "
                                                                    "a specific filter.", filter.key)));
    }
    seen.push_back(filter.key);
    if (std::ranges::find(rule->options, OptionOf(filter, *rule)) == rule->options.end()) {
      return Fail(Error::Service("InvalidFilterOption", fmt::format("The following filter option is not valid: {}. Valid options include: [{}].", *filter.option,
                                                                    fmt::join(rule->options, ", "))));
    }
    const bool has_values = filter.values && !filter.values->empty();
    if (!has_values && rule != &TagRule()) {
      return Fail(Error::Service("InvalidFilterValue", fmt::format("The following filter values are missing : null for filter key {}", filter.key)));
    }
    if (rule->key != "Path") continue;
    for (const std::string& path : *filter.values) MF_TRY_VOID(CheckPath(path));
  }
  return {};
}

bool Matches(const ParameterRow& parameter, const std::vector<ParameterStringFilter>& filters) {
  return std::ranges::all_of(filters, [&](const ParameterStringFilter& filter) { return Holds(parameter, filter); });
}

bool LiesBelow(const ParameterRow& parameter, std::string_view path, Depth depth) {
  std::string prefix(WithoutFirstSlash(path));
  if (!prefix.empty() && !prefix.ends_with('/')) prefix += '/';
  const std::string_view below = parameter.key.path;
  if (!below.starts_with(prefix)) return false;
  return depth == Depth::Recursive || below.find('/', prefix.size()) == std::string_view::npos;
}

}  // namespace mayfly::ssm
