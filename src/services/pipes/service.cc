#include "services/pipes/service.h"

#include "base/loop.h"
#include "services/own_account.h"
#include "services/pipes/pipes_api.h"

namespace mayfly::pipes {
namespace {

constexpr services::ResourceTemplate kResources[] = {
    {"pipe", "{ResourceArn}"},
    {"pipe", "arn:aws:pipes:{region}:{account}:pipe/{Name}"},
};

class PipesService final : public services::Service {
 public:
  static Task<Result<std::unique_ptr<services::Service>>> Open(Context& ctx, const services::Commons& commons, services::Ports& ports) {
    auto service = std::make_unique<PipesService>(commons, ports);
    MF_CO_TRY_VOID(co_await service->all_.Open(ctx));
    co_return service;
  }

  PipesService(const services::Commons& commons, services::Ports& ports)
      : all_(*commons.store),
        table_(all_),
        functions_(ports.Get<catalog::FunctionCatalog>(), ports.Get<catalog::Access>(), ports.Get<invoke::Invoker>(), *commons.random),
        runner_({.loop = commons.calendar, .table = &table_, .queues = &ports.Get<sources::QueueSource>(), .targets = commons.targets,
                 .functions = &functions_, .destinations = &ports.Get<delivery::HttpDestinations>(), .random = commons.random}),
        api_(*commons.calendar, table_, runner_),
        handlers_(api_.handlers()),
        authorizer_(*commons.identities, *commons.calendar, kResources),
        endpoint_(kService, &handlers_, authorizer_.AsFunction(), commons.observer, commons.files) {}

  wire::Endpoint& endpoint() override { return endpoint_; }
  void Start() override { runner_.Start(); }
  void Pause() override { runner_.Pause(); }
  Task<> Stop() override { return runner_.Stop(); }

 private:
  resources::ResourceTables all_;
  PipeTable table_;
  PipeFunctions functions_;
  PipeRunner runner_;
  PipesApi api_;
  Handlers handlers_;
  services::OwnAccount authorizer_;
  wire::Endpoint endpoint_;
};

}  // namespace

services::Declaration Declare() {
  using services::PortOf;
  return {.name = "pipes",
          .offers = {},
          .needs = {PortOf<sources::QueueSource>(), PortOf<catalog::FunctionCatalog>(), PortOf<catalog::Access>(), PortOf<invoke::Invoker>(), PortOf<delivery::HttpDestinations>()},
          .options = {},
          .open = [](Context& ctx, const services::Commons& commons, services::Ports& ports) { return PipesService::Open(ctx, commons, ports); }};
}

}  // namespace mayfly::pipes
