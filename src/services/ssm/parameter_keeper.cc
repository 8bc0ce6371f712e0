#include "services/ssm/parameter_keeper.h"

#include <algorithm>

#include "base/log.h"
#include "delivery/bus_event.h"

namespace mayfly::ssm {
namespace {

constexpr std::chrono::minutes kTryAgain{1};  // after a fault of the store

WallTime WallOf(int64_t millis) { return WallTime(std::chrono::milliseconds(millis)); }

// When the next policy that has not acted is due.
std::optional<WallTime> NextDue(const ParameterRow& parameter) {
  std::optional<WallTime> next;
  for (const ParameterPolicy& policy : PoliciesOf(parameter.newest)) {
    if (policy.due > WallOf(parameter.acted_millis) && (!next || policy.due < *next)) next = policy.due;
  }
  return next;
}

std::string ActionDetail(const ParameterRow& parameter, const ParameterPolicy& policy) {
  json::Value detail{json::Object()};
  detail.Set("parameter-name", parameter.name);
  detail.Set("parameter-type", parameter.type);
  detail.Set("policy-type", NameOf(policy.type));
  detail.Set("policy-content", policy.text);
  detail.Set("action-status", "Success");
  return json::Write(detail);
}

}  // namespace

std::vector<ParameterPolicy> PoliciesOf(const VersionRow& version) {
  auto policies = ReadPolicies(version.policies, WallOf(version.modified_millis));
  return policies ? std::move(*policies) : std::vector<ParameterPolicy>();
}

ParameterKeeper::ParameterKeeper(Loop& calendar, Parameters& parameters, delivery::DurableLanes& lanes, Random& random)
    : calendar_(&calendar), parameters_(&parameters), lanes_(&lanes), random_(&random),
      due_(calendar, [this](const std::string& key, WallTime) { tasks_.Spawn(WhenDue(key)); }), tasks_(calendar) {
  parameters.table().OnChange([this](const std::string& key, const auto&, const auto& row) { Follow(key, row.get()); });
}

void ParameterKeeper::Start() {
  is_running_ = true;
  for (const auto& row : parameters_->table().ListIf("", "", SIZE_MAX, [](const auto& one) { return !one.value->newest.policies.empty(); })) Follow(row.key, row.value.get());
  due_.Start();
}

Task<> ParameterKeeper::Stop() {
  is_running_ = false;
  due_.Stop();
  tasks_.Stop();
  co_await tasks_.Join();
}

void ParameterKeeper::Follow(const std::string& key, const ParameterRow* row) {
  due_.Forget(key);
  if (!is_running_ || !row || row->newest.policies.empty()) return;
  if (const auto next = NextDue(*row)) due_.Plan(key, *next);
}

Task<> ParameterKeeper::WhenDue(std::string key) {
  const Parameters::Pointer row = parameters_->table().Find(key);
  if (!row) co_return;
  Context ctx(*calendar_);
  ctx.stop = tasks_.stop_token();
  const auto done = co_await Act(ctx, *row);
  if (done || !is_running_ || !parameters_->table().Find(key)) co_return;
  log::Error("policies of {} have not acted and will be tried again: {}", row->key.Arn(), done.error().ToString());
  due_.Plan(key, calendar_->WallNow() + kTryAgain);
}

Task<Result<>> ParameterKeeper::Act(Context& ctx, const ParameterRow& parameter) {
  const WallTime now = calendar_->WallNow();
  for (const ParameterPolicy& policy : PoliciesOf(parameter.newest)) {
    if (policy.due <= WallOf(parameter.acted_millis) || policy.due > now) continue;
    if (policy.type == ParameterPolicy::Type::Expiration) MF_CO_TRY_VOID(co_await parameters_->Delete(ctx, parameter.key));
    MF_CO_TRY_VOID(co_await Owe(ctx, parameter, "Parameter Store Policy Action", ActionDetail(parameter, policy)));
  }
  if (!parameters_->Find(parameter.key)) {
    co_await Tell(ctx, "Delete", parameter);
    co_return Result<>();
  }
  co_return co_await parameters_->Edit(ctx, parameter.key, [now, version = parameter.newest.version](ParameterRow& row) -> Result<> {
    if (row.newest.version == version) row.acted_millis = std::max(row.acted_millis, ToEpochMillis(now));
    return {};
  });
}

Task<Result<>> ParameterKeeper::Owe(Context& ctx, const ParameterRow& parameter, std::string_view detail_type, std::string detail) {
  delivery::BusEvent event{.id = random_->Uuid(), .source = "aws.ssm", .detail_type = std::string(detail_type), .account_id = parameter.key.account_id,
                           .region = parameter.key.region, .time = calendar_->WallNow(), .resources = {parameter.key.Arn()}, .detail = std::move(detail)};
  delivery::OwedDelivery owed{.sender = std::string(kParameterSender), .owner_arn = parameter.key.Arn(), .delivery = {}, .accepted_at = lanes_->Time()};
  owed.delivery = delivery::MakeBusDelivery(std::move(event), delivery::DeliveryPrincipal::Service("ssm.amazonaws.com", parameter.key.account_id));
  co_return co_await lanes_->Append(ctx, delivery::ItemOf(owed));
}

Task<> ParameterKeeper::Tell(Context& ctx, std::string_view operation, const ParameterRow& parameter) {
  json::Value detail{json::Object()};
  detail.Set("name", parameter.name);
  detail.Set("type", parameter.type);
  detail.Set("operation", operation);
  if (!parameter.newest.description.empty()) detail.Set("description", parameter.newest.description);
  const auto owed = co_await Owe(ctx, parameter, "Parameter Store Change", json::Write(detail));
  if (!owed) log::Warning("nobody is told of the change of {}: {}", parameter.key.Arn(), owed.error().ToString());
}

}  // namespace mayfly::ssm
