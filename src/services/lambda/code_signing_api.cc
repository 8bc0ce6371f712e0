#include "services/lambda/code_signing_api.h"

#include <fmt/format.h>

#include "base/random.h"
#include "services/lambda/find_function.h"
#include "services/lambda/paging.h"
#include "services/lambda/settings.h"
#include "services/lambda/tags.h"
#include "services/lambda/signing_rule.h"
#include "wire/error_response.h"

namespace mayfly::lambda {
namespace {

constexpr size_t kConfigsPageMax = 10'000;
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

Result<OwnSigningConfig> FindConfig(const Context& ctx, const catalog::Tables& tables, const std::string& arn) {
  OwnSigningConfig found = FindOwnSigningConfig(ctx, tables, arn);
  if (found.config) return found;
  return Fail(wire::WithoutType(NotFound(fmt::format("The Lambda code signing configuration {} can not be found.", arn))));
}

}  // namespace

Task<Result<CreateCodeSigningConfigResponse>> CodeSigningApi::CreateCodeSigningConfig(Context& ctx,
                                                                                      CreateCodeSigningConfigRequest request) {
  catalog::CodeSigningConfig config{.account_id = ctx.principal.account_id, .region = ctx.principal.region};
  config.id = "csc-" + parts_.random.Hex(kIdCharacters).substr(0, kIdCharacters);
  config.description = request.description.value_or("");
  config.allowed_publishers = std::move(request.allowed_publishers.signing_profile_version_arns);
  SetPolicy(config, request.code_signing_policies);
  config.last_modified = FormatLambdaTime(parts_.clock.WallNow());
  if (request.tags) {
    MF_CO_TRY_VOID(resources::CheckTags(*request.tags, kTagRules));
    config.tags = *request.tags;
  }
  resources::Change change(parts_.tables.all);
  MF_CO_TRY_VOID(change.Create(parts_.tables.code_signing_configs, catalog::CodeSigningConfigKey(config), config));
  MF_CO_TRY_VOID(co_await change.Commit(ctx));
  co_return CreateCodeSigningConfigResponse{DescribeConfig(config)};
}

Task<Result<GetCodeSigningConfigResponse>> CodeSigningApi::GetCodeSigningConfig(Context& ctx, GetCodeSigningConfigRequest request) {
  MF_CO_TRY(const OwnSigningConfig found, FindConfig(ctx, parts_.tables, request.code_signing_config_arn));
  co_return GetCodeSigningConfigResponse{DescribeConfig(*found.config)};
}

Task<Result<ListCodeSigningConfigsResponse>> CodeSigningApi::ListCodeSigningConfigs(Context& ctx, ListCodeSigningConfigsRequest request) {
  const std::string prefix = fmt::format("{}/{}/", ctx.principal.account_id, ctx.principal.region);
  MF_CO_TRY(auto page, NextPage(parts_.tables.code_signing_configs, prefix, request.marker, PageLimit(request.max_items, kConfigsPageMax)));
  ListCodeSigningConfigsResponse response{.next_marker = std::move(page.next_marker),
                                          .code_signing_configs = std::vector<CodeSigningConfig>()};
  for (const auto& row : page.rows) response.code_signing_configs->push_back(DescribeConfig(*row.value));
  co_return response;
}

Task<Result<UpdateCodeSigningConfigResponse>> CodeSigningApi::UpdateCodeSigningConfig(Context& ctx,
                                                                                      UpdateCodeSigningConfigRequest request) {
  MF_CO_TRY(const OwnSigningConfig found, FindConfig(ctx, parts_.tables, request.code_signing_config_arn));
  catalog::CodeSigningConfig next = *found.config;
  if (request.description) next.description = *request.description;
  if (request.allowed_publishers) next.allowed_publishers = std::move(request.allowed_publishers->signing_profile_version_arns);
  SetPolicy(next, request.code_signing_policies);
  next.last_modified = FormatLambdaTime(parts_.clock.WallNow());
  resources::Change change(parts_.tables.all);
  MF_CO_TRY_VOID(change.Replace(parts_.tables.code_signing_configs, found.key, found.config, next));
  MF_CO_TRY_VOID(co_await change.Commit(ctx));
  co_return UpdateCodeSigningConfigResponse{DescribeConfig(next)};
}

Task<Result<DeleteCodeSigningConfigResponse>> CodeSigningApi::DeleteCodeSigningConfig(Context& ctx,
                                                                                      DeleteCodeSigningConfigRequest request) {
  MF_CO_TRY(const OwnSigningConfig found, FindConfig(ctx, parts_.tables, request.code_signing_config_arn));
  const auto uses_it = [&](const auto& row) { return row.value->config_arn == request.code_signing_config_arn; };
  const std::string prefix = found.key.substr(0, found.key.rfind('/') + 1);
  if (!parts_.tables.function_code_signing.ListIf(prefix, "", 1, uses_it).empty()) {
    co_return Fail(
        Conflict(fmt::format("The code signing configuration {} is in use by a function. Remove it from the functions that use it, then "
                             "delete it.",
                             request.code_signing_config_arn)));
  }
  resources::Change change(parts_.tables.all);
  MF_CO_TRY_VOID(change.Delete(parts_.tables.code_signing_configs, found.key, found.config));
  MF_CO_TRY_VOID(co_await change.Commit(ctx));
  co_return DeleteCodeSigningConfigResponse();
}

Task<Result<ListFunctionsByCodeSigningConfigResponse>> CodeSigningApi::ListFunctionsByCodeSigningConfig(
    Context& ctx, ListFunctionsByCodeSigningConfigRequest request) {
  MF_CO_TRY(const OwnSigningConfig found, FindConfig(ctx, parts_.tables, request.code_signing_config_arn));
  const auto uses_it = [&](const auto& row) { return row.value->config_arn == request.code_signing_config_arn; };
  MF_CO_TRY(auto page, NextPageIf(parts_.tables.function_code_signing, found.key.substr(0, found.key.rfind('/') + 1), request.marker,
                                  PageLimit(request.max_items, kConfigsPageMax), uses_it));
  ListFunctionsByCodeSigningConfigResponse response{.next_marker = std::move(page.next_marker),
                                                    .function_arns = std::vector<std::string>()};
  for (const auto& row : page.rows) response.function_arns->push_back(row.value->function.Arn());
  co_return response;
}

// --- of a function -------------------------------------------------------------------------------------------------------

Result<catalog::FunctionName> CodeSigningApi::FunctionOf(const Context& ctx, std::string_view name) const {
  MF_TRY(const catalog::FunctionReference reference, UnqualifiedReference(ctx, name));
  if (!parts_.catalog.Find(reference.name)) return Fail(catalog::FunctionNotFound(reference));
  return reference.name;
}

Task<Result<PutFunctionCodeSigningConfigResponse>> CodeSigningApi::PutFunctionCodeSigningConfig(
    Context& ctx, PutFunctionCodeSigningConfigRequest request) {
  MF_CO_TRY(const CodeSigningConfigPointer config, FindSigningConfigFor(ctx, parts_.tables, request.code_signing_config_arn));
  MF_CO_TRY(const catalog::FunctionName function, FunctionOf(ctx, request.function_name));
  resources::Change change(parts_.tables.all);
  MF_CO_TRY_VOID(StageCodeSigning(change, parts_.tables, function, config));
  MF_CO_TRY_VOID(co_await change.Commit(ctx));
  co_return PutFunctionCodeSigningConfigResponse{.code_signing_config_arn = config->Arn(), .function_name = function.name};
}

Task<Result<GetFunctionCodeSigningConfigResponse>> CodeSigningApi::GetFunctionCodeSigningConfig(
    Context& ctx, GetFunctionCodeSigningConfigRequest request) {
  MF_CO_TRY(const catalog::FunctionName function, FunctionOf(ctx, request.function_name));
  const auto signing = parts_.tables.function_code_signing.Find(function.Key());
  if (!signing) co_return GetFunctionCodeSigningConfigResponse();
  co_return GetFunctionCodeSigningConfigResponse{.code_signing_config_arn = signing->config_arn, .function_name = function.name};
}

Task<Result<>> CodeSigningApi::DeleteFunctionCodeSigningConfig(Context& ctx, DeleteFunctionCodeSigningConfigRequest request) {
  MF_CO_TRY(const catalog::FunctionName function, FunctionOf(ctx, request.function_name));
  const auto signing = parts_.tables.function_code_signing.Find(function.Key());
  if (!signing) co_return Result<>();
  resources::Change change(parts_.tables.all);
  MF_CO_TRY_VOID(change.Delete(parts_.tables.function_code_signing, function.Key(), signing));
  co_return co_await change.Commit(ctx);
}

}  // namespace mayfly::lambda
