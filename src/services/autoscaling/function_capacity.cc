#include "services/autoscaling/function_capacity.h"

#include <fmt/format.h>

#include "model/lambda.h"
#include "services/autoscaling/autoscaling_api.h"

namespace mayfly::autoscaling {

Result<> FunctionCapacity::CheckExists(const TargetName& target) const {
  if (provisioned_->Exists(target.Owner())) return {};
  return Fail(Invalid(fmt::format("Resource does not exist: {} is no version or alias of a function", target.resource_id)));
}

Task<Result<>> FunctionCapacity::Set(Context& ctx, const TargetName& target, int executions) {
  const catalog::SettingOwner owner = target.Owner();
  if (executions == 0) {
    lambda::DeleteProvisionedConcurrencyConfigRequest request{.function_name = owner.function.name, .qualifier = owner.qualifier};
    co_return co_await directory_->Call(ctx, ctx.principal, lambda::calls::kDeleteProvisionedConcurrencyConfig, std::move(request));
  }
  lambda::PutProvisionedConcurrencyConfigRequest request{.function_name = owner.function.name, .qualifier = owner.qualifier,
                                                         .provisioned_concurrent_executions = executions};
  MF_CO_TRY_VOID(co_await directory_->Call(ctx, ctx.principal, lambda::calls::kPutProvisionedConcurrencyConfig, std::move(request)));
  co_return Result<>();
}

}  // namespace mayfly::autoscaling
