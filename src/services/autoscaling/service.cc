#include "services/autoscaling/service.h"

#include "services/autoscaling/autoscaling_api.h"
#include "services/autoscaling/function_capacity.h"
#include "services/own_account.h"

namespace mayfly::autoscaling {
namespace {

class AutoscalingService final : public services::Service {
 public:
  static Task<Result<std::unique_ptr<services::Service>>> Open(Context& ctx, const services::Commons& commons, services::Ports& ports,
                                                               ScalerOptions options) {
    auto service = std::make_unique<AutoscalingService>(commons, ports.Get<invoke::ProvisionedCapacity>(), options);
    MF_CO_TRY_VOID(co_await service->all_.Open(ctx));
    co_return service;
  }

  AutoscalingService(const services::Commons& commons, invoke::ProvisionedCapacity& provisioned, const ScalerOptions& options)
      : all_(*commons.store),
        tables_(all_),
        capacity_(provisioned, *commons.directory),
        scaler_(*commons.calendar, tables_, capacity_, *commons.random, options),
        api_(AutoscalingParts{.loop = commons.calendar, .random = commons.random, .tables = &tables_, .scaler = &scaler_,
                              .check_resource = [this](const TargetName& target) { return capacity_.CheckExists(target); }}),
        handlers_(api_.handlers()),
        authorizer_(*commons.identities, *commons.calendar),
        endpoint_(kService, &handlers_, authorizer_.AsFunction(), commons.observer, commons.files) {}

  wire::Endpoint& endpoint() override { return endpoint_; }
  void Start() override { scaler_.Start(); }
  Task<> Stop() override { return scaler_.Stop(); }

 private:
  resources::ResourceTables all_;
  ScalingTables tables_;
  FunctionCapacity capacity_;
  Scaler scaler_;
  AutoscalingApi api_;
  Handlers handlers_;
  services::OwnAccount authorizer_;
  wire::Endpoint endpoint_;
};

OptionGroup OptionsOf(ScalerOptions& scaler) {
  OptionGroup group("Application Auto Scaling");
  group.Seconds("scaling-period", scaler.period, {0.01, 3600.0}, "seconds between two looks of Application Auto Scaling (AWS: 60)");
  return group;
}

}  // namespace

services::Declaration Declare() {
  auto options = std::make_shared<ScalerOptions>();
  return {.name = "autoscaling",
          .offers = {},
          .needs = {services::PortOf<invoke::ProvisionedCapacity>()},
          .options = {OptionsOf(*options)},
          .open = [options](Context& ctx, const services::Commons& commons, services::Ports& ports) {
            return AutoscalingService::Open(ctx, commons, ports, *options);
          }};
}

}  // namespace mayfly::autoscaling
