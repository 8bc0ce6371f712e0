#include "services/iot/service.h"

#include "base/loop.h"
#include "services/iot/iot_api.h"
#include "services/iot/rule_engine.h"
#include "services/own_account.h"
#include "services/resource_templates.h"

namespace mayfly::iot {
namespace {

// What policies name the kinds of the model by.
constexpr services::ResourceTemplate kResources[] = {
    {"rule", "arn:{partition}:iot:{region}:{account}:rule/{ruleName}"},
};

class IotService final : public services::Service {
 public:
  static Task<Result<std::unique_ptr<services::Service>>> Open(Context& ctx, const services::Commons& commons, services::Ports& ports) {
    auto service = std::make_unique<IotService>(commons);
    MF_CO_TRY_VOID(co_await service->all_.Open(ctx));
    commons.deliveries->AddSender(std::string(kRuleSender), service->engine_);
    commons.deliveries->AddSender(std::string(kErrorActionSender), service->error_actions_);
    ports.Offer<delivery::Target>(service->engine_, "iot");
    co_return service;
  }

  explicit IotService(const services::Commons& commons)
      : all_(*commons.store),
        rules_(all_),
        engine_({.rules = &rules_, .targets = commons.targets, .lanes = commons.lanes, .identities = commons.identities, .calendar = commons.calendar,
                 .random = commons.random}),
        api_(*commons.calendar, rules_, commons.origin),
        handlers_(api_.handlers()),
        authorizer_(*commons.identities, *commons.calendar, kResources),
        endpoint_(kService, &handlers_, authorizer_.AsFunction(), commons.observer, commons.files) {}

  wire::Endpoint& endpoint() override { return endpoint_; }

 private:
  resources::ResourceTables all_;
  TopicRules rules_;
  RuleEngine engine_;
  ErrorActionSender error_actions_;
  IotApi api_;
  Handlers handlers_;
  services::OwnAccount authorizer_;
  wire::Endpoint endpoint_;
};

}  // namespace

services::Declaration Declare() {
  return {.name = "iot",
          .offers = {services::PortOf<delivery::Target>("iot")},
          .needs = {},
          .options = {},
          .open = [](Context& ctx, const services::Commons& commons, services::Ports& ports) { return IotService::Open(ctx, commons, ports); }};
}

}  // namespace mayfly::iot
