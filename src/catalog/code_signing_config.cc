#include "catalog/code_signing_config.h"

#include <fmt/format.h>

#include "identity/arn.h"
#include "resources/json_members.h"

namespace mayfly::catalog {

static void VisitMembers(resources::Is<CodeSigningConfig> auto& config, auto&& visit) {
  visit("Description", config.description);
  visit("AllowedPublishers", config.allowed_publishers);
  visit("Policy", config.policy);
  visit("LastModified", config.last_modified);
  visit("Tags", config.tags);
}

namespace {

constexpr std::string_view kResourcePrefix = "code-signing-config:";

}  // namespace

std::string CodeSigningConfig::Arn() const {
  return fmt::format("arn:{}:lambda:{}:{}:{}{}", identity::PartitionOf(region), region, account_id, kResourcePrefix, id);
}

std::string CodeSigningConfigKey(const CodeSigningConfig& config) { return fmt::format("{}/{}/{}", config.account_id, config.region, config.id); }

std::string CodeSigningConfigKeyOf(std::string_view arn) {
  const auto parsed = identity::ParseArn(arn);
  if (!parsed || !parsed->resource.starts_with(kResourcePrefix)) return {};
  return fmt::format("{}/{}/{}", parsed->account_id, parsed->region, parsed->resource.substr(kResourcePrefix.size()));
}

json::Value ToJson(const CodeSigningConfig& config) { return resources::WriteMembers(config); }

Result<> FromJson(std::string_view key, const json::Value& value, CodeSigningConfig& config) {
  MF_TRY(const FunctionName place, NameFromKey(key));  // the same three parts
  config.account_id = place.account_id;
  config.region = place.region;
  config.id = place.name;
  resources::ReadMembers(value, config);
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
