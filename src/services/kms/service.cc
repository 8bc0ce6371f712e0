#include "services/kms/service.h"

#include "base/loop.h"
#include "services/kms/key_port.h"
#include "services/kms/key_runner.h"
#include "services/kms/kms_api.h"

namespace mayfly::kms {
namespace {

class KmsService final : public services::Service {
 public:
  static Task<Result<std::unique_ptr<services::Service>>> Open(Context& ctx, const services::Commons& commons, services::Ports& ports) {
    auto service = std::make_unique<KmsService>(commons);
    MF_CO_TRY_VOID(co_await service->all_.Open(ctx));
    ports.Offer<keyring::Keys>(service->port_);
    co_return service;
  }

  explicit KmsService(const services::Commons& commons)
      : all_(*commons.store),
        tables_(all_),
        vault_(tables_, *commons.keyring, *commons.calendar, *commons.random),
        authorization_(tables_, vault_, *commons.identities, *commons.calendar),
        port_(vault_, authorization_),
        runner_(*commons.calendar, tables_, vault_),
        api_(tables_, vault_, *commons.keyring, pool_),
        handlers_(api_.handlers()),
        endpoint_(kService, &handlers_, authorization_.AsFunction(), commons.observer, commons.files) {}

  wire::Endpoint& endpoint() override { return endpoint_; }
  void Start() override { runner_.Start(); }
  Task<> Stop() override { return runner_.Stop(); }

 private:
  resources::ResourceTables all_;
  KeyTables tables_;
  KeyVault vault_;
  KeyAuthorizer authorization_;
  KeyPort port_;
  KeyRunner runner_;
  BlockingPool pool_{"mayfly-keys", 2};  // its own: an RSA key takes seconds, for which nobody else should wait
  KmsApi api_;
  Handlers handlers_;
  wire::Endpoint endpoint_;
};

}  // namespace

services::Declaration Declare() {
  return {.name = "kms",
          .offers = {services::PortOf<keyring::Keys>()},
          .needs = {},
          .options = {},
          .open = [](Context& ctx, const services::Commons& commons, services::Ports& ports) { return KmsService::Open(ctx, commons, ports); }};
}

}  // namespace mayfly::kms
