// Code signing configurations, and which function has which. What they demand is checked in code.cc.
#include <fmt/format.h>

#include "services/lambda/lambda_api.h"
#include "services/lambda/paging.h"
#include "services/lambda/settings.h"

namespace mayfly::lambda {
namespace {

constexpr size_t kConfigsPageMax = 10'000;
constexpr size_t kTagsMax = 50;
constexpr size_t kIdCharacters = 17;

CodeSigningConfig DescribeConfig(const catalog::CodeSigningConfig& config) {
  CodeSigningConfig view;
  view.code_signing_config_id = config.id;
  view.code_signing_config_arn = config.Arn();
  view.description = config.description;
  view.allowed_publishers.signing_profile_version_arns = config.allowed_publishers;
  view.code_signing_policies.untrusted_artifact_on_deployment = config.policy;
  view.last_modified = config.last_modified;
  return view;
}

void SetPolicy(catalog::CodeSigningConfig& config, const std::optional<CodeSigningPolicies>& policies) {
  if (policies && policies->untrusted_artifact_on_deployment) config.policy = *policies->untrusted_artifact_on_deployment;
}

// A caller sees the configurations of its own account, where it asks.
bool IsOwn(const Context& ctx, std::string_view key) { return key.starts_with(ctx.principal.account_id + '/' + ctx.principal.region + '/'); }

struct OwnConfig {
  std::string key;
  resources::ResourceTable<catalog::CodeSigningConfig>::Pointer config;
};

Result<OwnConfig> FindConfig(const Context& ctx, const catalog::Tables& tables, const std::string& arn) {
  OwnConfig found{.key = catalog::CodeSigningConfigKeyOf(arn), .config = nullptr};
  if (IsOwn(ctx, found.key)) found.config = tables.code_signing_configs.Find(found.key);
  if (found.config) return found;
  return Fail(Error::Service("ResourceNotFoundException", fmt::format("The Lambda code signing configuration {} can not be found.", arn)));
}

Result<> CheckExists(const catalog::FunctionCatalog& catalog, const catalog::FunctionReference& reference) {
  if (!catalog.Find(reference.name)) return Fail(catalog::FunctionNotFound(reference));
  return {};
}

}  // namespace

Task<Result<CreateCodeSigningConfigResponse>> LambdaApi::CreateCodeSigningConfig(Context& ctx, CreateCodeSigningConfigRequest request) {
  catalog::CodeSigningConfig config{.account_id = ctx.principal.account_id, .region = ctx.principal.region};
  config.id = "csc-" + parts_.random->Hex(kIdCharacters).substr(0, kIdCharacters);
  config.description = request.description.value_or("");
  config.allowed_publishers = std::move(request.allowed_publishers.signing_profile_version_arns);
  SetPolicy(config, request.code_signing_policies);
  config.last_modified = FormatLambdaTime(parts_.loop->WallNow());
  if (request.tags) {
    if (request.tags->size() > kTagsMax) co_return Fail(InvalidParameterValue("Number of tags exceeds resource tag limit."));
    config.tags = *request.tags;
  }
  resources::Change change(parts_.tables->all);
  MF_CO_TRY_VOID(change.Create(parts_.tables->code_signing_configs, catalog::CodeSigningConfigKey(config), config));
  MF_CO_TRY_VOID(co_await change.Commit(ctx));
  co_return CreateCodeSigningConfigResponse{DescribeConfig(config)};
}

Task<Result<GetCodeSigningConfigResponse>> LambdaApi::GetCodeSigningConfig(Context& ctx, GetCodeSigningConfigRequest request) {
  MF_CO_TRY(const OwnConfig found, FindConfig(ctx, *parts_.tables, request.code_signing_config_arn));
  co_return GetCodeSigningConfigResponse{DescribeConfig(*found.config)};
}

Task<Result<ListCodeSigningConfigsResponse>> LambdaApi::ListCodeSigningConfigs(Context& ctx, ListCodeSigningConfigsRequest request) {
  const std::string prefix = fmt::format("{}/{}/", ctx.principal.account_id, ctx.principal.region);
  MF_CO_TRY(auto page, NextPage(parts_.tables->code_signing_configs, prefix, request.marker, PageLimit(request.max_items, kConfigsPageMax)));
  ListCodeSigningConfigsResponse response{.next_marker = std::move(page.next_marker), .code_signing_configs = std::vector<CodeSigningConfig>()};
  for (const auto& row : page.rows) response.code_signing_configs->push_back(DescribeConfig(*row.value));
  co_return response;
}

Task<Result<UpdateCodeSigningConfigResponse>> LambdaApi::UpdateCodeSigningConfig(Context& ctx, UpdateCodeSigningConfigRequest request) {
  MF_CO_TRY(const OwnConfig found, FindConfig(ctx, *parts_.tables, request.code_signing_config_arn));
  catalog::CodeSigningConfig next = *found.config;
  if (request.description) next.description = *request.description;
  if (request.allowed_publishers) next.allowed_publishers = std::move(request.allowed_publishers->signing_profile_version_arns);
  SetPolicy(next, request.code_signing_policies);
  next.last_modified = FormatLambdaTime(parts_.loop->WallNow());
  resources::Change change(parts_.tables->all);
  MF_CO_TRY_VOID(change.Replace(parts_.tables->code_signing_configs, found.key, found.config, next));
  MF_CO_TRY_VOID(co_await change.Commit(ctx));
  co_return UpdateCodeSigningConfigResponse{DescribeConfig(next)};
}

Task<Result<DeleteCodeSigningConfigResponse>> LambdaApi::DeleteCodeSigningConfig(Context& ctx, DeleteCodeSigningConfigRequest request) {
  MF_CO_TRY(const OwnConfig found, FindConfig(ctx, *parts_.tables, request.code_signing_config_arn));
  const auto uses_it = [&](const auto& row) { return row.value->config_arn == request.code_signing_config_arn; };
  const std::string prefix = found.key.substr(0, found.key.rfind('/') + 1);
  if (!parts_.tables->function_code_signing.ListIf(prefix, "", 1, uses_it).empty()) {
    co_return Fail(Conflict(fmt::format("The code signing configuration {} is in use by a function. Remove it from the functions that use it, then "
                                        "delete it.", request.code_signing_config_arn)));
  }
  resources::Change change(parts_.tables->all);
  MF_CO_TRY_VOID(change.Delete(parts_.tables->code_signing_configs, found.key, found.config));
  MF_CO_TRY_VOID(co_await change.Commit(ctx));
  co_return DeleteCodeSigningConfigResponse();
}

Task<Result<ListFunctionsByCodeSigningConfigResponse>> LambdaApi::ListFunctionsByCodeSigningConfig(Context& ctx,
                                                                                                   ListFunctionsByCodeSigningConfigRequest request) {
  MF_CO_TRY(const OwnConfig found, FindConfig(ctx, *parts_.tables, request.code_signing_config_arn));
  const auto uses_it = [&](const auto& row) { return row.value->config_arn == request.code_signing_config_arn; };
  MF_CO_TRY(auto page, NextPageIf(parts_.tables->function_code_signing, found.key.substr(0, found.key.rfind('/') + 1), request.marker,
                                  PageLimit(request.max_items, kConfigsPageMax), uses_it));
  ListFunctionsByCodeSigningConfigResponse response{.next_marker = std::move(page.next_marker), .function_arns = std::vector<std::string>()};
  for (const auto& row : page.rows) response.function_arns->push_back(row.value->function.Arn());
  co_return response;
}

// --- of a function -------------------------------------------------------------------------------------------------------

Result<LambdaApi::CodeSigningConfigPointer> LambdaApi::FindConfigFor(const Context& ctx, const std::string& config_arn) const {
  auto found = FindConfig(ctx, *parts_.tables, config_arn);
  if (found) return found->config;
  return Fail(Error::Service("CodeSigningConfigNotFoundException",
                             fmt::format("The code signing configuration cannot be found. Check that the provided configuration is not deleted: {}.", config_arn)));
}

Result<> LambdaApi::StageCodeSigning(resources::Change& change, const catalog::FunctionName& function, const CodeSigningConfigPointer& config) {
  // Writing the configuration as it is locks it: it is not deleted while a function comes under it.
  MF_TRY_VOID(change.Replace(parts_.tables->code_signing_configs, catalog::CodeSigningConfigKey(*config), config, *config));
  return change.Put(parts_.tables->function_code_signing, function.Key(), {.function = function, .config_arn = config->Arn()});
}

Task<Result<PutFunctionCodeSigningConfigResponse>> LambdaApi::PutFunctionCodeSigningConfig(Context& ctx, PutFunctionCodeSigningConfigRequest request) {
  MF_CO_TRY(const CodeSigningConfigPointer config, FindConfigFor(ctx, request.code_signing_config_arn));
  MF_CO_TRY(const catalog::FunctionReference reference, UnqualifiedReference(ctx, request.function_name));
  MF_CO_TRY_VOID(CheckExists(*parts_.catalog, reference));
  const catalog::FunctionName& function = reference.name;
  resources::Change change(parts_.tables->all);
  MF_CO_TRY_VOID(StageCodeSigning(change, function, config));
  MF_CO_TRY_VOID(co_await change.Commit(ctx));
  co_return PutFunctionCodeSigningConfigResponse{.code_signing_config_arn = config->Arn(), .function_name = function.name};
}

// Without a configuration the answer is empty, and no error.
Task<Result<GetFunctionCodeSigningConfigResponse>> LambdaApi::GetFunctionCodeSigningConfig(Context& ctx, GetFunctionCodeSigningConfigRequest request) {
  MF_CO_TRY(const catalog::FunctionReference reference, UnqualifiedReference(ctx, request.function_name));
  MF_CO_TRY_VOID(CheckExists(*parts_.catalog, reference));
  const catalog::FunctionName& function = reference.name;
  const auto signing = parts_.tables->function_code_signing.Find(function.Key());
  if (!signing) co_return GetFunctionCodeSigningConfigResponse();
  co_return GetFunctionCodeSigningConfigResponse{.code_signing_config_arn = signing->config_arn, .function_name = function.name};
}

Task<Result<>> LambdaApi::DeleteFunctionCodeSigningConfig(Context& ctx, DeleteFunctionCodeSigningConfigRequest request) {
  MF_CO_TRY(const catalog::FunctionReference reference, UnqualifiedReference(ctx, request.function_name));
  MF_CO_TRY_VOID(CheckExists(*parts_.catalog, reference));
  const catalog::FunctionName& function = reference.name;
  const auto signing = parts_.tables->function_code_signing.Find(function.Key());
  if (!signing) co_return Result<>();
  resources::Change change(parts_.tables->all);
  MF_CO_TRY_VOID(change.Delete(parts_.tables->function_code_signing, function.Key(), signing));
  co_return co_await change.Commit(ctx);
}

std::optional<LambdaApi::SigningRule> LambdaApi::SigningRuleOf(const catalog::FunctionName& function, std::string_view named) const {
  const auto signing = parts_.tables->function_code_signing.Find(function.Key());
  const auto config = signing ? parts_.tables->code_signing_configs.Find(catalog::CodeSigningConfigKeyOf(signing->config_arn)) : nullptr;
  if (!config) return std::nullopt;
  return SigningRule{config->allowed_publishers, config->policy == "Enforce", std::string(named)};
}

}  // namespace mayfly::lambda
