#include "catalog/code_signing_config.h"

#include <fmt/format.h>

#include "catalog/json_members.h"

namespace mayfly::catalog {
namespace {

template <typename Self, typename Visitor>
void VisitConfig(Self& config, Visitor&& visit) {
  visit("Description", config.description);
  visit("AllowedPublishers", config.allowed_publishers);
  visit("Policy", config.policy);
  visit("LastModified", config.last_modified);
  visit("Tags", config.tags);
}

}  // namespace

std::string CodeSigningConfig::Arn() const {
  // The partition follows the region, as a function's does.
  const std::string function = FunctionName{account_id, region, ""}.Arn();
  return fmt::format("{}:lambda:{}:{}:code-signing-config:{}", function.substr(0, function.find(":lambda:")), region, account_id, id);
}

std::string CodeSigningConfigKey(const CodeSigningConfig& config) { return fmt::format("{}/{}/{}", config.account_id, config.region, config.id); }

std::string CodeSigningConfigKeyOf(std::string_view arn) {
  std::vector<std::string_view> parts;  // arn, aws, lambda, REGION, ACCOUNT, code-signing-config, ID
  for (size_t from = 0; from <= arn.size();) {
    const size_t end = std::min(arn.find(':', from), arn.size());
    parts.push_back(arn.substr(from, end - from));
    from = end + 1;
  }
  return parts.size() == 7 ? fmt::format("{}/{}/{}", parts[4], parts[3], parts[6]) : std::string();
}

json::Value ToJson(const CodeSigningConfig& config) {
  return WriteMembers(config, [](auto& from, auto& visit) { VisitConfig(from, visit); });
}

Result<> FromJson(std::string_view key, const json::Value& value, CodeSigningConfig& config) {
  MF_TRY(const FunctionName place, NameFromKey(key));  // the same three parts
  config.account_id = place.account_id;
  config.region = place.region;
  config.id = place.name;
  VisitConfig(config, MemberReader(value));
  return {};
}

json::Value ToJson(const FunctionCodeSigning& signing) {
  json::Value value;
  value.Set("CodeSigningConfigArn", signing.config_arn);
  return value;
}

Result<> FromJson(std::string_view key, const json::Value& value, FunctionCodeSigning& signing) {
  MF_TRY(signing.function, NameFromKey(key));
  signing.config_arn = value.StringOr("CodeSigningConfigArn", "");
  return {};
}

}  // namespace mayfly::catalog
