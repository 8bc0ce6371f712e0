// Put/GetRuntimeManagementConfig and Put/GetFunctionRecursionConfig.
//
// Both are kept exactly as they are set. A function goes on running on the interpreter of this host, whatever runtime version
// it asks for; what detects recursive loops reads the recursion table.
#include <fmt/format.h>

#include "services/lambda/lambda_api.h"
#include "services/lambda/settings.h"

namespace mayfly::lambda {
namespace {

constexpr std::string_view kManual = "Manual";

}  // namespace

// $LATEST or a published version: an alias has no runtime of its own.
Result<catalog::SettingOwner> LambdaApi::RuntimeOwner(const Context& ctx, std::string_view name, const std::optional<std::string>& qualifier) const {
  MF_TRY(Found found, Find(ctx, name, qualifier));
  if (found.alias) return Fail(InvalidParameterValue("Runtime management configurations belong to function versions. Please specify $LATEST or a version."));
  return catalog::SettingOwner{found.reference.name, found.function->version};
}

Task<Result<PutRuntimeManagementConfigResponse>> LambdaApi::PutRuntimeManagementConfig(Context& ctx, PutRuntimeManagementConfigRequest request) {
  MF_CO_TRY(catalog::SettingOwner owner, RuntimeOwner(ctx, request.function_name, request.qualifier));
  const bool is_manual = request.update_runtime_on == kManual;
  if (is_manual && !request.runtime_version_arn) {
    co_return Fail(InvalidParameterValue("RuntimeVersionArn must be specified when UpdateRuntimeOn is Manual."));
  }
  if (!is_manual && request.runtime_version_arn) {
    co_return Fail(InvalidParameterValue(fmt::format("RuntimeVersionArn must not be specified when UpdateRuntimeOn is {}.", request.update_runtime_on)));
  }
  catalog::RuntimeManagement next{.owner = owner, .update_runtime_on = request.update_runtime_on};
  next.runtime_version_arn = request.runtime_version_arn.value_or("");
  resources::Change change(parts_.tables->all);
  MF_CO_TRY_VOID(change.Put(parts_.tables->runtime_management, owner.Key(), next));
  MF_CO_TRY_VOID(co_await change.Commit(ctx));
  co_return PutRuntimeManagementConfigResponse{
      .update_runtime_on = next.update_runtime_on, .function_arn = owner.Arn(), .runtime_version_arn = request.runtime_version_arn};
}

Task<Result<GetRuntimeManagementConfigResponse>> LambdaApi::GetRuntimeManagementConfig(Context& ctx, GetRuntimeManagementConfigRequest request) {
  MF_CO_TRY(catalog::SettingOwner owner, RuntimeOwner(ctx, request.function_name, request.qualifier));
  const auto stored = parts_.tables->runtime_management.Find(owner.Key());
  const catalog::RuntimeManagement config = stored ? *stored : catalog::RuntimeManagement();
  GetRuntimeManagementConfigResponse response;
  response.update_runtime_on = config.update_runtime_on;
  response.function_arn = owner.Arn();
  if (!config.runtime_version_arn.empty()) response.runtime_version_arn = config.runtime_version_arn;
  co_return response;
}

Task<Result<PutFunctionRecursionConfigResponse>> LambdaApi::PutFunctionRecursionConfig(Context& ctx, PutFunctionRecursionConfigRequest request) {
  MF_CO_TRY(Found found, Find(ctx, request.function_name, std::nullopt));
  const catalog::SettingOwner owner{found.reference.name};
  resources::Change change(parts_.tables->all);
  MF_CO_TRY_VOID(change.Put(parts_.tables->recursion_configs, owner.Key(), catalog::RecursionConfig{owner, request.recursive_loop}));
  MF_CO_TRY_VOID(co_await change.Commit(ctx));
  co_return PutFunctionRecursionConfigResponse{.recursive_loop = request.recursive_loop};
}

Task<Result<GetFunctionRecursionConfigResponse>> LambdaApi::GetFunctionRecursionConfig(Context& ctx, GetFunctionRecursionConfigRequest request) {
  MF_CO_TRY(Found found, Find(ctx, request.function_name, std::nullopt));
  const auto stored = parts_.tables->recursion_configs.Find(catalog::SettingOwner{found.reference.name}.Key());
  co_return GetFunctionRecursionConfigResponse{.recursive_loop = stored ? stored->recursive_loop : catalog::RecursionConfig().recursive_loop};
}

}  // namespace mayfly::lambda
