// What an invocation is reported as: to the caller, and as platform events.
#include <cmath>
#include <csignal>
#include <cstring>

#include <fmt/format.h>

#include "base/json.h"
#include "runtime/environment.h"
#include "runtime/process_texts.h"
#include "telemetry/log_format.h"

namespace mayfly::runtime {

using telemetry::EventSpan;
using telemetry::PlatformEvent;
using Type = PlatformEvent::Type;

void ExecutionEnvironment::FillOutcome(InvokeOutcome& outcome, Running& running, PhaseEnd& end) {
  running.answered = loop_->Now();
  outcome.duration = running.answered - running.started;
  TakeOutput();
  const bool answered = end.kind == PhaseEnd::Kind::Answer;
  if (answered) {
    running.produced_bytes = end.answer.streamed_bytes >= 0 ? end.answer.streamed_bytes : static_cast<int64_t>(end.answer.payload.size());
    running.answer_began = end.answer.began;
    outcome.streaming_mode = end.answer.streaming_mode;
  }
  if (answered && end.answer.kind == RuntimeAnswer::Kind::Response) {
    outcome.payload = std::move(end.answer.payload);  // on to the client without a copy
    if (!end.answer.content_type.empty()) outcome.content_type = std::move(end.answer.content_type);
    return;
  }
  outcome.function_error = true;
  outcome.payload = ErrorDocument(end, running.request_id);
  TellFailure(running, end);
}

// The lines that AWS writes into the log when something has gone wrong.
void ExecutionEnvironment::TellFailure(const Running& running, const PhaseEnd& end) {
  if (end.kind == PhaseEnd::Kind::Timeout) {
    const std::string line = fmt::format("{} {} Task timed out after {:.2f} seconds\n", FormatIso8601(loop_->WallNow()), running.request_id,
                                         std::chrono::duration<double>(spec_->timeout).count());
    Emit({.type = Type::Fault, .request_id = running.request_id, .text = line});
    return;
  }
  if (end.kind != PhaseEnd::Kind::Exit && end.kind != PhaseEnd::Kind::StartFailed && end.kind != PhaseEnd::Kind::ExtensionFailed) return;
  const std::string line = fmt::format("RequestId: {} Error: {}\n{}", running.request_id, ReasonOf(end), ErrorTypeOf(end));
  Emit({.type = Type::Fault, .request_id = running.request_id, .text = line});
}

std::string_view ExecutionEnvironment::StatusOf(const PhaseEnd& end) const {
  switch (end.kind) {
    case PhaseEnd::Kind::Ready: return "success";
    case PhaseEnd::Kind::Answer: return end.answer.kind == RuntimeAnswer::Kind::Response ? "success" : "error";
    case PhaseEnd::Kind::Timeout: return "timeout";
    default: return "failure";
  }
}

void ExecutionEnvironment::ReportRuntimeDone(const Running& running, const PhaseEnd& end, TimePoint done) {
  if (dropped_lines_ > 0) {
    Emit({.type = Type::LogsDropped, .request_id = running.request_id, .dropped_lines = dropped_lines_, .dropped_bytes = dropped_bytes_});
    dropped_lines_ = dropped_bytes_ = 0;
  }
  const std::string error_type = ErrorTypeOf(end);
  const std::string_view status = StatusOf(end);
  PlatformEvent event{.type = Type::RuntimeDone, .request_id = running.request_id, .status = status, .error_type = error_type,
                      .tracing = running.trace_id, .duration = done - running.started, .produced_bytes = running.produced_bytes};
  const TimePoint began = running.answer_began == TimePoint() ? running.answered : running.answer_began;
  const Duration latency = began - running.started;
  const Duration whole = running.answered - running.started;
  const EventSpan spans[] = {{"responseLatency", running.started_wall, latency},
                             {"responseDuration", running.started_wall + latency, running.answered - began},
                             {"runtimeOverhead", running.started_wall + whole, done - running.answered}};
  if (end.kind == PhaseEnd::Kind::Answer) event.spans = spans;
  Emit(event);
}

void ExecutionEnvironment::ReportInvocation(const Running& running, const PhaseEnd& end, TimePoint done, std::span<const EventSpan> spans) {
  const std::string error_type = ErrorTypeOf(end);
  // A handled error is no failure of the environment: AWS's REPORT line names a status only for those.
  const std::string_view status = end.kind == PhaseEnd::Kind::Answer ? "success" : StatusOf(end);
  PlatformEvent report{.type = Type::Report, .request_id = running.request_id, .status = status, .error_type = error_type,
                       .tracing = running.trace_id, .spans = spans, .duration = done - running.started, .init_duration = running.init_duration};
  report.billed_ms = static_cast<int64_t>(std::ceil(ToMillis(report.duration + running.init_duration)));
  MeasureMemory(end);
  report.max_memory_mib = max_memory_mib_;
  report.private_memory_mib = private_memory_mib_;
  Emit(report);
}

// --- errors as AWS words them -----------------------------------------------------------------------------------------

std::string ExecutionEnvironment::ErrorTypeOf(const PhaseEnd& end) const {
  switch (end.kind) {
    case PhaseEnd::Kind::Ready: return "";
    case PhaseEnd::Kind::Timeout: return "Sandbox.Timedout";
    case PhaseEnd::Kind::Exit: {
      const bool killed = end.exit.signal == SIGKILL || end.exit.cage_died;
      return killed && WasKilledForMemory() ? "Runtime.OutOfMemory" : "Runtime.ExitError";
    }
    case PhaseEnd::Kind::StartFailed:
      return end.error_type == sandbox::kWorkingDirectory ? "Runtime.InvalidWorkingDir" : "Runtime.InvalidEntrypoint";
    case PhaseEnd::Kind::InitError:
    case PhaseEnd::Kind::ExtensionFailed: return end.error_type;
    case PhaseEnd::Kind::Answer: break;
  }
  switch (end.answer.kind) {
    case RuntimeAnswer::Kind::Response: return "";
    case RuntimeAnswer::Kind::ResponseTooLarge: return "Function.ResponseSizeTooLarge";
    case RuntimeAnswer::Kind::TruncatedResponse: return "Runtime.TruncatedResponse";
    case RuntimeAnswer::Kind::Error: return end.answer.error_type;
  }
  return "Runtime.Unknown";
}

std::string ExecutionEnvironment::ReasonOfFailedStart(std::string_view code) const {
  const std::string program = spec_->arguments.empty() ? "" : spec_->arguments.front();
  if (program.empty()) return "entrypoint requires at least one argument";
  if (code == sandbox::kWorkingDirectory) return fmt::format("chdir {}: no such file or directory", spec_->working_directory);
  if ((code == "ENOENT" || code == "EISDIR") && spec_->provided) return "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]";
  if (code == "ENOENT" && program.find('/') == std::string::npos) return fmt::format("exec: \"{}\": executable file not found in $PATH", program);
  return DescribeFailedStart(started_program_.empty() ? program : started_program_, code);
}

// What went wrong, in AWS's words.
std::string ExecutionEnvironment::ReasonOf(const PhaseEnd& end) const {
  switch (end.kind) {
    case PhaseEnd::Kind::Timeout:
      return fmt::format("Task timed out after {:.2f} seconds", std::chrono::duration<double>(spec_->timeout).count());
    case PhaseEnd::Kind::Exit: return DescribeEndOfRuntime(end.exit);
    case PhaseEnd::Kind::StartFailed: return ReasonOfFailedStart(end.error_type);
    case PhaseEnd::Kind::ExtensionFailed: return end.reason;
    case PhaseEnd::Kind::InitError: return "Runtime failed during Init";
    case PhaseEnd::Kind::Answer: return "Response truncated";
    case PhaseEnd::Kind::Ready: break;
  }
  return "Runtime failed";
}

std::string ExecutionEnvironment::ErrorDocument(const PhaseEnd& end, std::string_view request_id) const {
  const std::string error_type = ErrorTypeOf(end);
  if (end.kind == PhaseEnd::Kind::InitError && !end.payload.empty()) return end.payload;
  if (end.kind == PhaseEnd::Kind::Answer && end.answer.kind == RuntimeAnswer::Kind::Error) return end.answer.payload;
  if (end.kind == PhaseEnd::Kind::Answer && end.answer.kind == RuntimeAnswer::Kind::ResponseTooLarge) {
    return fmt::format(R"({{"errorType":"{}","errorMessage":"Response payload size exceeded maximum allowed payload size ({} bytes)."}})",
                       error_type, end.answer.bytes_max);
  }
  return fmt::format(R"({{"errorType":{},"errorMessage":{}}})", json::Quote(error_type),
                     json::Quote(fmt::format("RequestId: {} Error: {}", request_id, ReasonOf(end))));
}

void ExecutionEnvironment::MeasureMemory(const PhaseEnd& end) {
  auto mebibytes = [](int64_t bytes) { return static_cast<int>((bytes + (1 << 20) - 1) >> 20); };
  const sandbox::MemoryUse use = cage_->PeakMemory();
  max_memory_mib_ = std::min(mebibytes(use.resident_bytes), spec_->memory_mib);
  private_memory_mib_ = std::min(mebibytes(use.private_bytes), spec_->memory_mib);
  // It was killed because it had all of it, whatever the kernel had counted in that moment.
  if (end.kind == PhaseEnd::Kind::Exit && ErrorTypeOf(end) == "Runtime.OutOfMemory") max_memory_mib_ = spec_->memory_mib;
}

// --- events and output --------------------------------------------------------------------------------------------------

void ExecutionEnvironment::Emit(PlatformEvent event) {
  event.time = loop_->WallNow();
  if (want_log_tail_ && event.type != Type::InitStart) {
    if (auto line = telemetry::FormatLogLine(label_, event)) tail_.Add(*line);
  }
  events_->OnEvent(label_, event);
  if (telemetry_.active()) telemetry_.OnEvent(event);
}

bool ExecutionEnvironment::FitsBudget(std::string_view line) {
  if (log_budget_.Take(line.size() + 1)) return true;
  ++dropped_lines_;
  dropped_bytes_ += line.size() + 1;
  return false;
}

void ExecutionEnvironment::OnOutputLine(std::string_view line, telemetry::LogLevel level) {
  if (FitsBudget(line)) Emit({.type = Type::LogLine, .text = line, .level = level});
}

void ExecutionEnvironment::OnExtensionLine(std::string_view line) {
  if (FitsBudget(line)) Emit({.type = Type::ExtensionLine, .text = line});
}

}  // namespace mayfly::runtime
