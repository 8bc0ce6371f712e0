#include "services/events/service.h"

#include "base/loop.h"
#include "services/events/bus_target.h"
#include "services/events/events_api.h"
#include "services/events/http_api.h"
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
    MF_CO_TRY_VOID(co_await service->archives_.Open(ctx));
    commons.deliveries->AddSender(std::string(kRuleSender), service->sender_);
    commons.deliveries->AddSender(std::string(kRuleDeadLetterSender), service->dead_letters_);
    ports.Offer<delivery::Target>(service->target_, "events");
    ports.Offer<delivery::HttpDestinations>(service->destinations_);
    co_return service;
  }

  explicit EventsService(const services::Commons& commons)
      : all_(*commons.store),
        tables_(all_),
        http_(all_),
        archive_tables_(all_),
        archived_(*commons.store),
        patterns_(tables_),
        archives_(*commons.calendar, archive_tables_, archived_),
        publisher_(*commons.calendar, tables_, patterns_, archives_, *commons.lanes, *commons.random),
        authorizer_(tables_, *commons.identities, *commons.calendar),
        caller_(*commons.loop, http_, commons.reach),
        destinations_(authorizer_, caller_),
        target_(*commons.calendar, tables_, authorizer_, publisher_, destinations_),
        sender_(tables_, *commons.lanes, *commons.random),
        schedules_(*commons.calendar, tables_, publisher_),
        api_({.clock = commons.calendar, .random = commons.random, .tables = &tables_, .publisher = &publisher_, .authorizer = &authorizer_}),
        replayer_(*commons.calendar, archive_tables_, archived_, publisher_),
        archives_api_(*commons.calendar, tables_, archive_tables_, archives_, replayer_),
        http_api_(*commons.loop, *commons.calendar, *commons.random, http_, caller_),
        handlers_(api_.handlers(archives_api_, http_api_)),
        endpoint_(kService, &handlers_, authorizer_.AsFunction(), commons.observer, commons.files) {}

  wire::Endpoint& endpoint() override { return endpoint_; }
  void Start() override {
    schedules_.Start();
    http_api_.Start();
    archives_.Start();
    replayer_.Start();
  }
  Task<> Stop() override {
    co_await replayer_.Stop();
    co_await archives_.Stop();
    co_await http_api_.Stop();
    co_await schedules_.Stop();
  }
  Task<Result<>> Reset(Context&) override {
    archived_.Forget();
    co_return Result<>();
  }

 private:
  resources::ResourceTables all_;
  EventTables tables_;
  HttpTables http_;
  ArchiveTables archive_tables_;
  ArchivedEvents archived_;
  RulePatterns patterns_;
  Archives archives_;
  Publisher publisher_;
  Authorizer authorizer_;
  DestinationCaller caller_;
  DestinationTarget destinations_;
  BusTarget target_;
  RuleSender sender_;
  RuleDeadLetterSender dead_letters_;
  RuleSchedules schedules_;
  EventsApi api_;
  Replayer replayer_;
  ArchivesApi archives_api_;
  HttpApi http_api_;
  Handlers handlers_;
  wire::Endpoint endpoint_;
};

}  // namespace

services::Declaration Declare() {
  return {.name = "events",
          .offers = {services::PortOf<delivery::Target>("events"), services::PortOf<delivery::HttpDestinations>()},
          .needs = {},
          .options = {},
          .open = [](Context& ctx, const services::Commons& commons, services::Ports& ports) { return EventsService::Open(ctx, commons, ports); }};
}

}  // namespace mayfly::events
