#include "invoke/event_dispatcher.h"

#include <fmt/format.h>

#include "base/log.h"
#include "delivery/backoff.h"
#include "delivery/bus_event.h"
#include "invoke/environment_spec.h"
#include "invoke/failed_deliveries.h"

namespace mayfly::invoke {
namespace {

constexpr int kRetryAttemptsDefault = 2;

catalog::SettingOwner OwnerOf(const catalog::FunctionReference& function) {
  return {function.name, function.qualifier.empty() ? "$LATEST" : function.qualifier};
}

}  // namespace

std::string InvokeLane(const catalog::FunctionName& function) { return fmt::format("{}/{}", kInvokeLanes, function.Key()); }

struct EventDispatcher::Rules {
  int retries_max = kRetryAttemptsDefault;
  Duration age_max{};
  std::string success_destination;
  std::string failure_destination;
  catalog::FunctionPointer function;  // what the event's function was resolved to
};

Task<delivery::Verdict> EventDispatcher::Work(Context& ctx, const std::string& payload) {
  auto event = DecodeEvent(payload);
  if (!event) {
    log::Error("an event is discarded: {}", event.error().ToString());
    co_return delivery::Verdict{.kind = delivery::Verdict::Kind::Dropped};
  }
  co_return co_await Dispatch(ctx, std::move(*event));
}

EventDispatcher::Rules EventDispatcher::RulesOf(const AsyncEvent& event, catalog::FunctionPointer function) const {
  Rules rules{.age_max = options_.event_age_max, .function = std::move(function)};
  const auto config = parts_.tables->event_invoke_configs.Find(OwnerOf(event.function).Key());
  if (!config) return rules;
  rules.retries_max = config->retry_attempts_max.value_or(kRetryAttemptsDefault);
  if (config->event_age_max_seconds) rules.age_max = std::min<Duration>(rules.age_max, std::chrono::seconds(*config->event_age_max_seconds));
  rules.success_destination = config->success_destination;
  rules.failure_destination = config->failure_destination;
  return rules;
}

Duration EventDispatcher::AgeOf(const AsyncEvent& event) const { return std::max(Duration::zero(), parts_.lanes->Time() - event.accepted_at); }

Duration EventDispatcher::RetryDelay(int function_errors) const {
  if (options_.retry_delays.empty()) return Duration::zero();
  return options_.retry_delays[std::min<size_t>(static_cast<size_t>(function_errors), options_.retry_delays.size()) - 1];
}

Task<delivery::Verdict> EventDispatcher::Dispatch(Context& ctx, AsyncEvent event) {
  auto found = parts_.catalog->ResolveForInvoke(event.function, *parts_.random);
  if (!found) co_return Discard(event, found.error().message);
  const Rules rules = RulesOf(event, found->function);
  const auto reserved = parts_.tables->reserved_concurrency.Find(catalog::SettingOwner{event.function.name}.Key());
  if (reserved && reserved->executions == 0) {
    co_return Fail(event, rules, {.condition = EventCondition::ZeroReservedConcurrency, .error_code = 429,
                                  .error_message = "The function's reserved concurrency is 0."});
  }
  if (parts_.loops->Forbids(event.function, event.trace_header)) {
    co_return Fail(event, rules, {.condition = EventCondition::RetriesExhausted, .error_code = 400, .error_message = std::string(kLoopMessage)});
  }
  if (AgeOf(event) >= rules.age_max) {
    co_return Fail(event, rules, {.condition = EventCondition::EventAgeExceeded, .error_code = 500,
                                  .error_message = "The event is older than its function's maximum event age."});
  }
  SeriesOf(*parts_.metrics, event.function).Add(metric::kAsyncEventAge, ToMillis(AgeOf(event)));

  ctx.request_id = event.request_id;
  ctx.trace_header = event.trace_header;
  ctx.principal.account_id = event.function.name.account_id;
  ctx.principal.region = event.function.name.region;
  runtime::Invocation invocation;
  invocation.request_id = event.request_id;
  invocation.invoked_function_arn = event.function.Arn();
  invocation.payload = event.payload;
  invocation.trace_id = event.trace_header;
  invocation.client_context = event.client_context;
  auto outcome = co_await parts_.invoke(ctx, std::move(found->function), std::move(invocation));
  event.trace_header = ctx.trace_header;  // whether it is recorded has been decided, for its retries and destinations as well
  if (!outcome) co_return JudgeError(std::move(event), rules, outcome.error());
  co_return Judge(std::move(event), rules, *outcome);
}

delivery::Verdict EventDispatcher::Judge(AsyncEvent event, const Rules& rules, const runtime::InvokeOutcome& outcome) {
  ++event.invocations;
  if (!outcome.function_error) {
    delivery::Verdict verdict;
    AddRecord(verdict, event, rules, {.condition = EventCondition::Success, .executed_version = rules.function->version, .outcome = &outcome},
              rules.success_destination);
    return verdict;
  }
  if (++event.function_errors <= rules.retries_max) {
    const Duration delay = RetryDelay(event.function_errors);
    return Retry(std::move(event), rules, delay);
  }
  delivery::Verdict verdict =
      Fail(event, rules, {.condition = EventCondition::RetriesExhausted, .executed_version = rules.function->version, .outcome = &outcome});
  verdict.kind = delivery::Verdict::Kind::Done;
  return verdict;
}

// Not later than the moment at which the event is too old: its end is told then.
delivery::Verdict EventDispatcher::Retry(AsyncEvent event, const Rules& rules, Duration delay) {
  const Duration left = std::max(Duration::zero(), rules.age_max - AgeOf(event));
  return {.kind = delivery::Verdict::Kind::Later, .payload = Encode(event), .delay = std::min(delay, left)};
}

delivery::Verdict EventDispatcher::JudgeError(AsyncEvent event, const Rules& rules, const Error& error) {
  if (error.IsService("ResourceNotFoundException")) return Discard(event, error.message);
  if (error.IsService("TooManyRequestsException")) return {.kind = delivery::Verdict::Kind::Busy, .delay = rules.age_max - AgeOf(event)};
  if (error.kind != Error::Kind::Service) {
    log::Warning("{} event for {}: {}", event.request_id, event.function.Arn(), error.ToString());
  }
  const Duration delay = delivery::Backoff(++event.system_errors, options_.backoff_min, options_.backoff_max);
  return Retry(std::move(event), rules, delay);
}

delivery::Verdict EventDispatcher::Fail(const AsyncEvent& event, const Rules& rules, const EventEnd& end) {
  delivery::Verdict verdict{.kind = delivery::Verdict::Kind::Dropped};
  AddRecord(verdict, event, rules, end, rules.failure_destination);
  AddDeadLetter(verdict, event, rules, end);
  SeriesOf(*parts_.metrics, event.function).Add(metric::kAsyncEventsDropped);
  return verdict;
}

delivery::Verdict EventDispatcher::Discard(const AsyncEvent& event, std::string_view why) {
  log::Info("{} event for {} is discarded: {}", event.request_id, event.function.Arn(), why);
  SeriesOf(*parts_.metrics, event.function).Add(metric::kAsyncEventsDropped);
  return {.kind = delivery::Verdict::Kind::Dropped};
}

delivery::OwedDelivery EventDispatcher::Owe(std::string_view sender, const AsyncEvent& event, const Rules& rules, const std::string& target) {
  delivery::OwedDelivery owed{.sender = std::string(sender), .owner_arn = event.function.Arn(), .delivery = {}};
  owed.delivery.id = parts_.random->Uuid();
  owed.delivery.target_arn = target;
  owed.delivery.source_arn = event.function.name.Arn();
  owed.delivery.principal = delivery::DeliveryPrincipal::Role(SessionArn(*rules.function), event.function.name.account_id);
  owed.delivery.trace_header = event.trace_header;
  return owed;
}

void EventDispatcher::AddRecord(delivery::Verdict& verdict, const AsyncEvent& event, const Rules& rules, const EventEnd& end,
                                const std::string& target) {
  if (target.empty()) return;
  delivery::OwedDelivery owed = Owe(kDestinationSender, event, rules, target);
  owed.delivery.detail_type = end.condition == EventCondition::Success ? "Lambda Function Invocation Result - Success"
                                                                       : "Lambda Function Invocation Result - Failure";
  owed.delivery.body = MakeRecord(event, end, loop_->WallNow(), Payloads::Include);
  if (owed.delivery.body.size() > parts_.targets->BodyBytesMax(target)) {
    owed.delivery.body = MakeRecord(event, end, loop_->WallNow(), Payloads::LeaveOut);
  }
  if (delivery::IsBusArn(target)) {
    delivery::AddBusFields(owed.delivery, {.source = "lambda", .time = loop_->WallNow(), .resources = {QualifiedArn(event.function), target}});
  }
  verdict.follow_ups.push_back(delivery::ItemOf(owed));
}

void EventDispatcher::AddDeadLetter(delivery::Verdict& verdict, const AsyncEvent& event, const Rules& rules, const EventEnd& end) {
  const std::string& queue = rules.function->dead_letter_arn;
  if (queue.empty()) return;
  delivery::OwedDelivery owed = Owe(kDeadLetterSender, event, rules, queue);
  owed.delivery.attributes = MakeDeadLetterAttributes(event, end);
  owed.delivery.body = event.payload;
  verdict.follow_ups.push_back(delivery::ItemOf(owed));
}

}  // namespace mayfly::invoke
