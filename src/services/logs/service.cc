#include "services/logs/service.h"

#include "base/loop.h"
#include "base/log.h"
#include "base/real_loop.h"
#include "services/logs/group_target.h"
#include "services/logs/logs_api.h"
#include "services/own_account.h"

namespace mayfly::logs {
namespace {

constexpr std::chrono::hours kDropEvery{1};

// The first of these that a request has says which group it is about.
constexpr std::string_view kGroupMembers[] = {"logGroupName", "logGroupIdentifier", "resourceArn", "resourceIdentifier"};

std::string ResourceOf(const Context& ctx, const wire::Operation& operation, const wire::Message& request) {
  if (!request.structure()) return "*";
  for (const wire::Member& member : request.structure()->members) {
    if (std::ranges::find(kGroupMembers, member.name) == std::end(kGroupMembers)) continue;
    const auto* name = static_cast<const std::string*>(member.field->get(static_cast<const char*>(request.get()) + member.offset));
    const auto key = name ? ParseIdentifier(ctx, *name) : std::nullopt;
    if (key) return key->Arn();
  }
  return "*";
}

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
        authorizer_(*commons.identities, *commons.calendar, ResourceOf),
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
