#include "services/logs/service.h"

#include "base/loop.h"
#include "base/log.h"
#include "base/real_loop.h"
#include "services/logs/group_target.h"
#include "services/logs/logs_api.h"
#include "services/own_account.h"
#include "services/resource_templates.h"

namespace mayfly::logs {
namespace {

constexpr std::chrono::hours kDropEvery{1};

// What policies name the kinds of the model by.
constexpr services::ResourceTemplate kResources[] = {
    {"log_stream", "arn:{partition}:logs:{region}:{account}:log-group:{logGroupName|logGroupIdentifier}:log-stream:{logStreamName}"},
    {"log_group", "arn:{partition}:logs:{region}:{account}:log-group:{logGroupName|logGroupIdentifier|resourceArn|resourceIdentifier}"},
};

class LogsService final : public services::Service {
 public:
  static Task<Result<std::unique_ptr<services::Service>>> Open(Context& ctx, const services::Commons& commons, services::Ports& ports) {
    auto service = std::make_unique<LogsService>(commons);
    MF_CO_TRY_VOID(co_await service->groups_.Open(ctx));
    MF_CO_TRY_VOID(co_await service->policies_.Open(ctx));
    commons.deliveries->AddSender(std::string(kSubscriptionSender), service->subscriptions_);
    ports.Offer<delivery::Target>(service->target_, "logs");
    co_return service;
  }

  explicit LogsService(const services::Commons& commons)
      : calendar_(commons.calendar),
        groups_(*commons.store, *commons.logs, *commons.calendar),
        subscriptions_({groups_, *commons.loop, *commons.lanes, *commons.targets, *commons.random}),
        policies_(*commons.store, *commons.identities, *commons.calendar),
        target_(groups_, policies_, *commons.calendar),
        api_(groups_, policies_, subscriptions_, *commons.calendar, *commons.random),
        handlers_(api_.handlers()),
        authorizer_(*commons.identities, *commons.calendar, kResources),
        endpoint_(kService, &handlers_, authorizer_.AsFunction(), commons.observer, commons.files),
        tasks_(*commons.loop),
        loop_(commons.loop) {}

  wire::Endpoint& endpoint() override { return endpoint_; }
  void Start() override {
    subscriptions_.Start();
    SetTimer();
  }
  Task<> Stop() override {
    calendar_->CancelTimer(timer_);
    stopping_ = true;
    co_await tasks_.Join();
    co_await subscriptions_.Stop();
  }
  Task<Result<>> Reset(Context&) override {
    groups_.Forget();
    subscriptions_.Forget();
    co_return Result<>();
  }

 private:
  void SetTimer() {
    timer_ = calendar_->CallAfter(kDropEvery, [this] {
      if (stopping_) return;
      SetTimer();
      tasks_.Spawn(DropOld());
    });
  }
  Task<> DropOld() {
    Context ctx(*loop_);
    auto dropped = co_await groups_.DropOld(ctx);
    if (!dropped) log::Warning("logs: old events stay: {}", dropped.error().ToString());
  }

  Loop* calendar_;
  LogGroups groups_;
  Subscriptions subscriptions_;
  GroupPolicies policies_;
  GroupTarget target_;
  LogsApi api_;
  Handlers handlers_;
  services::OwnAccount authorizer_;
  wire::Endpoint endpoint_;
  Loop::TimerId timer_ = 0;
  bool stopping_ = false;
  TaskScope tasks_;
  Loop* loop_;
};

}  // namespace

services::Declaration Declare() {
  return {.name = "logs",
          .offers = {services::PortOf<delivery::Target>("logs")},
          .needs = {},
          .options = {},
          .open = [](Context& ctx, const services::Commons& commons, services::Ports& ports) { return LogsService::Open(ctx, commons, ports); }};
}

}  // namespace mayfly::logs
