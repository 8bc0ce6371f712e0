#include "services/lambda/runtime_management_api.h"

#include <fmt/format.h>

#include "services/lambda/find_function.h"
#include "services/lambda/settings.h"

namespace mayfly::lambda {
namespace {

constexpr std::string_view kManual = "Manual";

}  // namespace

Result<catalog::SettingOwner> RuntimeManagementApi::OwnerOf(const Context& ctx, std::string_view name,
                                                            const std::optional<std::string>& qualifier) const {
  MF_TRY(FoundFunction found, FindFunction(parts_.catalog, ctx, name, qualifier));
  if (found.alias)
    return Fail(
        InvalidParameterValue("Runtime management configurations belong to function versions. Please specify $LATEST or a version."));
  return catalog::SettingOwner{found.reference.name, found.function->version};
}

Task<Result<PutRuntimeManagementConfigResponse>> RuntimeManagementApi::PutRuntimeManagementConfig(
    Context& ctx, PutRuntimeManagementConfigRequest request) {
  MF_CO_TRY(catalog::SettingOwner owner, OwnerOf(ctx, request.function_name, request.qualifier));
  const bool is_manual = request.update_runtime_on == kManual;
  if (is_manual && !request.runtime_version_arn) {
    co_return Fail(InvalidParameterValue("RuntimeVersionArn must be specified when UpdateRuntimeOn is Manual."));
  }
  if (!is_manual && request.runtime_version_arn) {
    co_return Fail(InvalidParameterValue(
        fmt::format("RuntimeVersionArn must not be specified when UpdateRuntimeOn is {}.", request.update_runtime_on)));
  }
  catalog::RuntimeManagement next{.owner = owner, .update_runtime_on = request.update_runtime_on};
  next.runtime_version_arn = request.runtime_version_arn.value_or("");
  resources::Change change(parts_.tables.all);
  MF_CO_TRY_VOID(change.Put(parts_.tables.runtime_management, owner.Key(), next));
  MF_CO_TRY_VOID(co_await change.Commit(ctx));
  co_return PutRuntimeManagementConfigResponse{
      .update_runtime_on = next.update_runtime_on, .function_arn = owner.Arn(), .runtime_version_arn = request.runtime_version_arn};
}

Task<Result<GetRuntimeManagementConfigResponse>> RuntimeManagementApi::GetRuntimeManagementConfig(
    Context& ctx, GetRuntimeManagementConfigRequest request) {
  MF_CO_TRY(catalog::SettingOwner owner, OwnerOf(ctx, request.function_name, request.qualifier));
  const auto stored = parts_.tables.runtime_management.Find(owner.Key());
  const catalog::RuntimeManagement config = stored ? *stored : catalog::RuntimeManagement();
  GetRuntimeManagementConfigResponse response;
  response.update_runtime_on = config.update_runtime_on;
  response.function_arn = owner.Arn();
  if (!config.runtime_version_arn.empty()) response.runtime_version_arn = config.runtime_version_arn;
  co_return response;
}

}  // namespace mayfly::lambda
