// EventDispatcher: one attempt at an asynchronous event: looks up what its function wants, invokes it, and decides what
// becomes of the event. DurableLanes calls it for each item of an "invoke" lane, and keeps its verdict.
//
// The rules (AWS "Asynchronous invocation", "Error handling"):
//   function error              again after retry_delays[n], at most MaximumRetryAttempts times; then the failure targets
//   throttle                    again with back-off while the event is not too old; no attempt is counted
//   fault of ours, not invocable  the same, each event by itself
//   older than MaximumEventAge  the failure targets, without a further attempt
//   reserved concurrency 0, or a loop of functions that is not allowed: the failure targets at once
//   function, version or alias gone: the event is discarded, nothing is told to anybody (there is no configuration any more)
// Configuration is that of the version or alias that the event names, as it is at the moment of the attempt. What is sent to
// destinations and dead-letter queues is sent as the function's execution role.
// One per daemon, on its strand.
#pragma once

#include <functional>

#include "base/random.h"
#include "catalog/function_catalog.h"
#include "delivery/durable_lanes.h"
#include "delivery/owed_delivery.h"
#include "delivery/target_router.h"
#include "invoke/function_metrics.h"
#include "invoke/event_record.h"
#include "invoke/loop_guard.h"

namespace mayfly::invoke {

struct DispatchOptions {
  std::vector<Duration> retry_delays = {std::chrono::minutes(1), std::chrono::minutes(2)};  // the last one repeats
  Duration backoff_min = std::chrono::seconds(1);
  Duration backoff_max = std::chrono::minutes(5);
  Duration event_age_max = std::chrono::hours(6);  // no configuration can allow more
};

struct DispatcherParts {
  const catalog::FunctionCatalog* catalog;
  const catalog::Tables* tables;
  Random* random;
  telemetry::Metrics* metrics;
  const LoopGuard* loops;
  const delivery::TargetRouter* targets;
  const delivery::DurableLanes* lanes;  // for their time
  // Invoker::Invoke.
  std::function<Task<Result<runtime::InvokeOutcome>>(Context&, catalog::FunctionPointer, runtime::Invocation)> invoke;
};

class EventDispatcher final : public delivery::LaneWorker {
 public:
  EventDispatcher(Loop& loop, DispatcherParts parts, DispatchOptions options) : loop_(&loop), parts_(std::move(parts)), options_(std::move(options)) {}

  Task<delivery::Verdict> Work(Context& ctx, const std::string& payload) override;

 private:
  struct Rules;
  Task<delivery::Verdict> Dispatch(Context& ctx, AsyncEvent event);
  Rules RulesOf(const AsyncEvent& event, catalog::FunctionPointer function) const;
  delivery::Verdict Judge(AsyncEvent event, const Rules& rules, const runtime::InvokeOutcome& outcome);
  delivery::Verdict Retry(AsyncEvent event, const Rules& rules, Duration delay);
  delivery::Verdict JudgeError(AsyncEvent event, const Rules& rules, const Error& error);
  delivery::Verdict Fail(const AsyncEvent& event, const Rules& rules, const EventEnd& end);
  delivery::Verdict Discard(const AsyncEvent& event, std::string_view why);
  delivery::OwedDelivery Owe(std::string_view sender, const AsyncEvent& event, const Rules& rules, const std::string& target);
  void AddRecord(delivery::Verdict& verdict, const AsyncEvent& event, const Rules& rules, const EventEnd& end, const std::string& target);
  void AddDeadLetter(delivery::Verdict& verdict, const AsyncEvent& event, const Rules& rules, const EventEnd& end);
  Duration AgeOf(const AsyncEvent& event) const;
  Duration RetryDelay(int function_errors) const;

  Loop* loop_;
  DispatcherParts parts_;
  DispatchOptions options_;
};

// The lanes of events: one per function.
inline constexpr std::string_view kInvokeLanes = "invoke";
std::string InvokeLane(const catalog::FunctionName& function);

}  // namespace mayfly::invoke
