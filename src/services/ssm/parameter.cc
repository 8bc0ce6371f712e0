#include "services/ssm/parameter.h"

#include <fmt/format.h>

namespace mayfly::ssm {

static void VisitMembers(resources::Is<VersionRow> auto& version, auto&& visit) {
  visit("Version", version.version);
  visit("Value", version.value);
  visit("Description", version.description);
  visit("AllowedPattern", version.allowed_pattern);
  visit("KeyId", version.key_id);
  visit("KeyArn", version.key_arn);
  visit("Policies", version.policies);
  visit("Tier", version.tier);
  visit("DataType", version.data_type);
  visit("ModifiedMillis", version.modified_millis);
  visit("ModifiedBy", version.modified_by);
}

static void VisitMembers(resources::Is<ParameterRow> auto& parameter, auto&& visit) {
  visit("Name", parameter.name);
  visit("Type", parameter.type);
  visit("Newest", parameter.newest);
  visit("Tags", parameter.tags);
  visit("Labels", parameter.labels);
  visit("Acted", parameter.acted_millis);
}

int64_t ParameterRow::VersionLabelled(std::string_view label) const {
  for (const auto& [name, version] : labels) {
    if (name == label) return std::stoll(version);
  }
  return 0;
}

std::vector<std::string> ParameterRow::LabelsOf(int64_t version) const {
  std::vector<std::string> of_it;
  for (const auto& [name, number] : labels) {
    if (number == std::to_string(version)) of_it.push_back(name);
  }
  return of_it;
}

std::string VersionKeyPrefix(const ParameterKey& parameter) { return parameter.Text() + "#/"; }

std::string VersionKey(const ParameterKey& parameter, int64_t version) { return fmt::format("{}{:010}", VersionKeyPrefix(parameter), version); }

json::Value ToJson(const VersionRow& version) { return resources::WriteMembers(version); }

Result<> FromJson(std::string_view, const json::Value& value, VersionRow& version) {
  resources::ReadMembers(value, version);
  return {};
}

json::Value ToJson(const ParameterRow& parameter) { return resources::WriteMembers(parameter); }

Result<> FromJson(std::string_view key, const json::Value& value, ParameterRow& parameter) {
  const size_t region = key.find('/');
  const size_t path = region == std::string_view::npos ? region : key.find('/', region + 1);
  if (path == std::string_view::npos) return Fail(Error::Fault("a key without account and region: " + std::string(key)));
  parameter.key = {std::string(key.substr(0, region)), std::string(key.substr(region + 1, path - region - 1)), std::string(key.substr(path + 1))};
  resources::ReadMembers(value, parameter);
  return {};
}

}  // namespace mayfly::ssm
