#include "services/scheduler/service.h"

#include "base/loop.h"
#include "services/own_account.h"
#include "services/scheduler/operation_target.h"
#include "services/scheduler/schedule_runner.h"
#include "services/scheduler/scheduler_api.h"

namespace mayfly::scheduler {
namespace {

constexpr services::ResourceTemplate kResources[] = {
    {"schedule", "arn:aws:scheduler:{region}:{account}:schedule/{GroupName|=default}/{Name}"},
    {"schedule_group", "{ResourceArn}"},
    {"schedule_group", "arn:aws:scheduler:{region}:{account}:schedule-group/{Name}"},
};

class SchedulerService final : public services::Service {
 public:
  static Task<Result<std::unique_ptr<services::Service>>> Open(Context& ctx, const services::Commons& commons, services::Ports& ports) {
    auto service = std::make_unique<SchedulerService>(commons);
    MF_CO_TRY_VOID(co_await service->all_.Open(ctx));
    commons.deliveries->AddSender(std::string(kScheduleSender), service->runner_);
    commons.deliveries->AddSender(std::string(kScheduleDeadLetterSender), service->dead_letters_);
    ports.Offer<delivery::Target>(service->operations_, "scheduler");
    co_return service;
  }

  explicit SchedulerService(const services::Commons& commons)
      : all_(*commons.store),
        tables_(all_),
        runner_(*commons.calendar, tables_, *commons.lanes, *commons.random),
        operations_(*commons.directory),
        api_(*commons.calendar, tables_),
        handlers_(api_.handlers()),
        authorizer_(*commons.identities, *commons.calendar, kResources),
        endpoint_(kService, &handlers_, authorizer_.AsFunction(), commons.observer, commons.files) {}

  wire::Endpoint& endpoint() override { return endpoint_; }
  void Start() override { runner_.Start(); }
  Task<> Stop() override { return runner_.Stop(); }

 private:
  resources::ResourceTables all_;
  ScheduleTables tables_;
  ScheduleRunner runner_;
  ScheduleDeadLetterSender dead_letters_;
  OperationTarget operations_;
  SchedulerApi api_;
  Handlers handlers_;
  services::OwnAccount authorizer_;
  wire::Endpoint endpoint_;
};

}  // namespace

services::Declaration Declare() {
  return {.name = "scheduler",
          .offers = {services::PortOf<delivery::Target>("scheduler")},
          .needs = {},
          .options = {},
          .open = [](Context& ctx, const services::Commons& commons, services::Ports& ports) { return SchedulerService::Open(ctx, commons, ports); }};
}

}  // namespace mayfly::scheduler
