#include "services/iotdata/service.h"

#include "base/loop.h"
#include "services/iotdata/iotdata_api.h"
#include "services/own_account.h"
#include "services/resource_templates.h"

namespace mayfly::iotdata {
namespace {

// What policies name the kinds of the model by.
constexpr services::ResourceTemplate kResources[] = {
    {"topic", "arn:{partition}:iot:{region}:{account}:topic/{topic}"},
};

class DataService final : public services::Service {
 public:
  static Task<Result<std::unique_ptr<services::Service>>> Open(Context& ctx, const services::Commons& commons, services::Ports&) {
    auto service = std::make_unique<DataService>(commons);
    MF_CO_TRY_VOID(co_await service->all_.Open(ctx));
    co_return service;
  }

  explicit DataService(const services::Commons& commons)
      : all_(*commons.store),
        retained_(all_, "iot_retained", {.owners = {}, .errors = {.missing = NoRetained}}),
        api_({.clock = commons.calendar, .random = commons.random, .targets = commons.targets, .retained = &retained_}),
        authorizer_(*commons.identities, *commons.calendar, kResources),
        endpoint_(kService, &api_, authorizer_.AsFunction(), commons.observer, commons.files) {}

  wire::Endpoint& endpoint() override { return endpoint_; }

 private:
  resources::ResourceTables all_;
  resources::ResourceTable<RetainedRow> retained_;
  DataApi api_;
  services::OwnAccount authorizer_;
  wire::Endpoint endpoint_;
};

}  // namespace

services::Declaration Declare() {
  return {.name = "iotdata",
          .offers = {},
          .needs = {},
          .options = {},
          .open = [](Context& ctx, const services::Commons& commons, services::Ports& ports) { return DataService::Open(ctx, commons, ports); }};
}

}  // namespace mayfly::iotdata
