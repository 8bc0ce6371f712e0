#include "services/secretsmanager/service.h"

#include "base/real_loop.h"
#include "services/secretsmanager/secrets_api.h"

namespace mayfly::secretsmanager {
namespace {

class SecretsService final : public services::Service {
 public:
  static Task<Result<std::unique_ptr<services::Service>>> Open(Context& ctx, const services::Commons& commons, services::Ports& ports) {
    auto service = std::make_unique<SecretsService>(commons, ports);
    MF_CO_TRY_VOID(co_await service->all_.Open(ctx));
    co_return service;
  }

  SecretsService(const services::Commons& commons, services::Ports& ports)
      : all_(*commons.store),
        tables_(all_),
        secrets_(tables_, ports.Get<keyring::Keys>(), *commons.calendar, *commons.random),
        function_(ports.Get<catalog::FunctionCatalog>(), ports.Get<catalog::Access>(), ports.Get<invoke::Invoker>(), *commons.random),
        keeper_(*commons.calendar, *commons.loop, secrets_, function_),
        authorizer_(secrets_, *commons.identities, *commons.calendar),
        api_({.secrets = &secrets_, .keeper = &keeper_, .function = &function_, .authorizer = &authorizer_, .random = commons.random}),
        handlers_(api_.handlers()),
        endpoint_(kService, &handlers_, authorizer_.AsFunction(), commons.observer, commons.files) {}

  wire::Endpoint& endpoint() override { return endpoint_; }
  void Start() override { keeper_.Start(); }
  Task<> Stop() override { return keeper_.Stop(); }

 private:
  resources::ResourceTables all_;
  SecretTables tables_;
  Secrets secrets_;
  RotationFunction function_;
  SecretKeeper keeper_;
  SecretAuthorizer authorizer_;
  SecretsApi api_;
  Handlers handlers_;
  wire::Endpoint endpoint_;
};

}  // namespace

services::Declaration Declare() {
  using services::PortOf;
  return {.name = "secretsmanager",
          .offers = {},
          .needs = {PortOf<keyring::Keys>(), PortOf<catalog::FunctionCatalog>(), PortOf<catalog::Access>(), PortOf<invoke::Invoker>()},
          .options = {},
          .open = [](Context& ctx, const services::Commons& commons, services::Ports& ports) { return SecretsService::Open(ctx, commons, ports); }};
}

}  // namespace mayfly::secretsmanager
