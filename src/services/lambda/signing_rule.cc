#include "services/lambda/signing_rule.h"

#include <fmt/format.h>

namespace mayfly::lambda {
namespace {

// A caller sees the configurations of its own account, where it asks.
bool IsOwn(const Context& ctx, std::string_view key) {
  return key.starts_with(ctx.principal.account_id + '/' + ctx.principal.region + '/');
}

}  // namespace

SigningRule RuleOf(const catalog::CodeSigningConfig& config, std::string_view named) {
  return {.allowed_publishers = config.allowed_publishers, .enforce = config.policy == "Enforce", .function = std::string(named)};
}

std::optional<SigningRule> SigningRuleOf(const catalog::Tables& tables, const catalog::FunctionName& function, std::string_view named) {
  const auto signing = tables.function_code_signing.Find(function.Key());
  const auto config = signing ? tables.code_signing_configs.Find(catalog::CodeSigningConfigKeyOf(signing->config_arn)) : nullptr;
  if (!config) return std::nullopt;
  return RuleOf(*config, named);
}

OwnSigningConfig FindOwnSigningConfig(const Context& ctx, const catalog::Tables& tables, const std::string& arn) {
  OwnSigningConfig found{.key = catalog::CodeSigningConfigKeyOf(arn), .config = nullptr};
  if (IsOwn(ctx, found.key)) found.config = tables.code_signing_configs.Find(found.key);
  return found;
}

Result<CodeSigningConfigPointer> FindSigningConfigFor(const Context& ctx, const catalog::Tables& tables, const std::string& arn) {
  if (auto found = FindOwnSigningConfig(ctx, tables, arn); found.config) return std::move(found.config);
  return Fail(Error::Service(
      "CodeSigningConfigNotFoundException",
      fmt::format("The code signing configuration cannot be found. Check that the provided configuration is not deleted: {}.", arn)));
}

Result<> StageCodeSigning(resources::Change& change, catalog::Tables& tables, const catalog::FunctionName& function,
                          const CodeSigningConfigPointer& config) {
  MF_ASSERT(config != nullptr);
  // Writing the configuration as it is locks it: it is not deleted while a function comes under it.
  MF_TRY_VOID(change.Replace(tables.code_signing_configs, catalog::CodeSigningConfigKey(*config), config, *config));
  return change.Put(tables.function_code_signing, function.Key(), {.function = function, .config_arn = config->Arn()});
}

}  // namespace mayfly::lambda
