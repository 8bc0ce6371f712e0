#include "services/events/service.h"

#include "base/loop.h"
#include "services/events/bus_target.h"
#include "services/events/events_api.h"
#include "services/events/rule_schedules.h"
#include "services/events/rule_sender.h"

namespace mayfly::events {
namespace {

class EventsService final : public services::Service {
 public:
  static Task<Result<std::unique_ptr<services::Service>>> Open(Context& ctx, const services::Commons& commons, services::Ports& ports) {
    auto service = std::make_unique<EventsService>(commons);
    MF_CO_TRY_VOID(co_await service->all_.Open(ctx));
    service->patterns_.Open();
    commons.deliveries->AddSender(std::string(kRuleSender), service->sender_);
    commons.deliveries->AddSender(std::string(kRuleDeadLetterSender), service->dead_letters_);
    ports.Offer<delivery::Target>(service->target_, "events");
    co_return service;
  }

  explicit EventsService(const services::Commons& commons)
      : all_(*commons.store),
        tables_(all_),
        patterns_(tables_),
        publisher_(*commons.calendar, tables_, patterns_, *commons.lanes, *commons.random),
        authorizer_(tables_, *commons.identities, *commons.calendar),
        target_(*commons.calendar, tables_, authorizer_, publisher_),
        sender_(tables_, *commons.lanes, *commons.random),
        schedules_(*commons.calendar, tables_, publisher_),
        api_({.clock = commons.calendar, .random = commons.random, .tables = &tables_, .publisher = &publisher_, .authorizer = &authorizer_}),
        handlers_(api_.handlers()),
        endpoint_(kService, &handlers_, authorizer_.AsFunction(), commons.observer, commons.files) {}

  wire::Endpoint& endpoint() override { return endpoint_; }
  void Start() override { schedules_.Start(); }
  Task<> Stop() override { return schedules_.Stop(); }

 private:
  resources::ResourceTables all_;
  EventTables tables_;
  RulePatterns patterns_;
  Publisher publisher_;
  Authorizer authorizer_;
  BusTarget target_;
  RuleSender sender_;
  RuleDeadLetterSender dead_letters_;
  RuleSchedules schedules_;
  EventsApi api_;
  Handlers handlers_;
  wire::Endpoint endpoint_;
};

}  // namespace

services::Declaration Declare() {
  return {.name = "events",
          .offers = {services::PortOf<delivery::Target>("events")},
          .needs = {},
          .options = {},
          .open = [](Context& ctx, const services::Commons& commons, services::Ports& ports) { return EventsService::Open(ctx, commons, ports); }};
}

}  // namespace mayfly::events
