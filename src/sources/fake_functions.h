// FakeFunctions: functions for pollers under test, which say what they do with each event.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "base/count_guard.h"
#include "base/json.h"
#include "base/sim_loop.h"
#include "sources/mapped_functions.h"

namespace mayfly::sources {

class FakeFunctions final : public MappedFunctions {
 public:
  struct Behaviour {
    enum class Kind : unsigned char { Answer, FunctionError, Throttle, Broken };
    Kind kind = Kind::Answer;
    Duration takes = std::chrono::milliseconds(10);
    std::string answer = "null";
  };
  using Ids = std::vector<std::string>;

  explicit FakeFunctions(SimLoop& loop) : loop_(&loop) {}

  bool exists = true;
  std::string forbidden_trace = "none";
  std::function<Behaviour(const Ids&)> on_event = [](const Ids&) { return Behaviour(); };
  std::vector<Ids> batches;       // that were processed, throttles left out
  std::vector<TimePoint> begins;  // of these
  std::vector<std::string> traces;
  int running = 0;
  int running_max = 0;
  int throttles = 0;
  size_t event_bytes_max = 0;

  std::optional<Duration> TimeoutOf(const catalog::EventSourceMapping&) const override {
    return exists ? std::optional<Duration>(std::chrono::seconds(3)) : std::nullopt;
  }

  bool Forbids(const catalog::EventSourceMapping&, std::string_view trace_header) const override { return trace_header == forbidden_trace; }

  Task<Result<runtime::InvokeOutcome>> Invoke(Context& ctx, const catalog::EventSourceMapping&, std::string payload) override {
    if (!exists) co_return Fail(Error::Service("ResourceNotFoundException", "Function not found"));
    event_bytes_max = std::max(event_bytes_max, payload.size());
    const auto event = json::Parse(payload);
    MF_ASSERT(event.has_value());
    Ids ids;
    for (const json::Value& record : event->Find("Records")->array()) ids.emplace_back(record.StringOr("messageId", ""));
    const Behaviour behaviour = on_event(ids);
    if (behaviour.kind == Behaviour::Kind::Throttle) {
      ++throttles;
      Error error = Error::Service("TooManyRequestsException", "Rate Exceeded.");
      error.retryable = true;
      co_return Fail(std::move(error));
    }
    batches.push_back(ids);
    begins.push_back(loop_->Now());
    traces.push_back(ctx.trace_header);
    const CountGuard counted(running);
    running_max = std::max(running_max, running);
    if (!co_await Sleep(ctx, behaviour.takes)) co_return Fail(Error::Cancelled());
    if (behaviour.kind == Behaviour::Kind::Broken) co_return Fail(Error::Fault("the machine is broken"));
    runtime::InvokeOutcome outcome;
    outcome.function_error = behaviour.kind == Behaviour::Kind::FunctionError;
    outcome.payload = behaviour.answer;
    co_return outcome;
  }

 private:
  SimLoop* loop_;
};

}  // namespace mayfly::sources
