#include "mayflyd/scaling_service.h"

#include <fmt/format.h>

namespace mayfly::daemon {
namespace {

autoscaling::ScalerOptions MakeScalerOptions(const Options& options) {
  autoscaling::ScalerOptions made;
  made.period = Seconds(options.scaling_period_seconds);
  return made;
}

}  // namespace

// Lambda's own operations, so that scaling obeys what a client would have to obey.
class ScalingService::ProvisionedCapacity final : public autoscaling::Capacity {
 public:
  explicit ProvisionedCapacity(const Parts& parts) : parts_(&parts) {}
  int Find(const autoscaling::TargetName& target) override {
    const auto config = parts_->catalog->provisioned_concurrency.Find(target.Owner().Key());
    return config ? config->requested : 0;
  }
  Task<Result<>> Set(Context& ctx, const autoscaling::TargetName& target, int executions) override {
    const catalog::SettingOwner owner = target.Owner();
    if (executions == 0) {
      lambda::DeleteProvisionedConcurrencyConfigRequest request{.function_name = owner.function.name, .qualifier = owner.qualifier};
      co_return co_await parts_->lambda->DeleteProvisionedConcurrencyConfig(ctx, std::move(request));
    }
    lambda::PutProvisionedConcurrencyConfigRequest request{.function_name = owner.function.name, .qualifier = owner.qualifier,
                                                           .provisioned_concurrent_executions = executions};
    MF_CO_TRY_VOID(co_await parts_->lambda->PutProvisionedConcurrencyConfig(ctx, std::move(request)));
    co_return Result<>();
  }
  double TakeUtilization(const autoscaling::TargetName& target) override { return parts_->provisioner->TakeUtilization(target.Owner()); }

 private:
  const Parts* parts_;
};

ScalingService::ScalingService(Parts parts, const Options& options)
    : parts_(std::move(parts)),
      capacity_(std::make_unique<ProvisionedCapacity>(parts_)),
      scaler_(*parts_.loop, *parts_.tables, *capacity_, *parts_.random, MakeScalerOptions(options)),
      api_(autoscaling::AutoscalingParts{.loop = parts_.loop, .random = parts_.random, .tables = parts_.tables, .scaler = &scaler_,
                                         .check_resource = [this](const autoscaling::TargetName& target) { return CheckResource(target); }}),
      endpoint_(autoscaling::kService, &handlers_,
                [this](Context& ctx, const wire::Operation& operation, const wire::Message&) { return Authorize(ctx, operation); },
                parts_.observer, parts_.files) {}

Result<> ScalingService::CheckResource(const autoscaling::TargetName& target) const {
  const catalog::SettingOwner owner = target.Owner();
  const bool exists = owner.qualifier != "$LATEST" && (parts_.catalog->aliases.Find(catalog::AliasKey(owner.function, owner.qualifier)) ||
                                                       parts_.versions->FindVersion(owner.function, owner.qualifier));
  if (exists) return {};
  return Fail(autoscaling::Invalid(fmt::format("Resource does not exist: {} is no version or alias of a function", target.resource_id)));
}

// Every target is its account's own.
Task<Result<>> ScalingService::Authorize(Context& ctx, const wire::Operation& operation) const {
  const identity::RequestPrincipal principal = identity::RequestPrincipal::Of(ctx.principal);
  if (parts_.identities->IsAdministrator(principal)) co_return Result<>();
  identity::ConditionKeys keys;
  identity::AddGlobalKeys(principal, ctx.principal.region, parts_.loop->WallNow(), keys);
  co_return identity::Authorize({principal, operation.action, "*", keys}, ctx.principal.account_id, *parts_.identities, {});
}

}  // namespace mayfly::daemon
