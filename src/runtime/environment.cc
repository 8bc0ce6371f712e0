#include "runtime/environment.h"

#include <cmath>
#include <csignal>
#include <cstring>

#include <fmt/format.h>

#include "base/json.h"
#include "telemetry/log_format.h"

namespace mayfly::runtime {

using telemetry::PlatformEvent;
using Type = PlatformEvent::Type;

ExecutionEnvironment::ExecutionEnvironment(Loop& loop, std::shared_ptr<const EnvironmentSpec> spec, const EnvironmentOptions& options,
                                           std::unique_ptr<sandbox::Cage> cage, EnvironmentPorts& ports, telemetry::EventSink& events,
                                           std::string log_stream)
    : loop_(&loop),
      spec_(std::move(spec)),
      options_(options),
      cage_(std::move(cage)),
      ports_(&ports),
      events_(&events),
      label_(spec_->label),
      log_budget_(loop, options.log_burst_bytes, options.log_bytes_per_second),
      made_at_(loop.Now()),
      api_(loop, *this),
      phase_ended_(loop),
      stdout_lines_([this](std::string_view line) { OnOutputLine(line); }),
      stderr_lines_([this](std::string_view line) { OnOutputLine(line); }) {
  label_.log_stream = std::move(log_stream);
  cage_->OnExit([this](const sandbox::ProcessExit& exit) { OnProcessExit(exit); });
}

ExecutionEnvironment::~ExecutionEnvironment() {
  stdout_pipe_.reset();
  stderr_pipe_.reset();
}

// --- what the runtime and the cage tell -----------------------------------------------------------------------------

void ExecutionEnvironment::EndPhase(PhaseEnd end) {
  if (!phase_active_) return;
  phase_active_ = false;
  phase_end_ = std::move(end);
  phase_ended_.Set();
}

void ExecutionEnvironment::OnReady() {
  if (state_ != State::Warm) EndPhase({.kind = PhaseEnd::Kind::Ready});
}

void ExecutionEnvironment::OnAnswer(RuntimeAnswer answer) {
  EndPhase({.kind = PhaseEnd::Kind::Answer, .answer = std::move(answer)});
}

void ExecutionEnvironment::OnInitError(std::string error_type, std::string payload) {
  EndPhase({.kind = PhaseEnd::Kind::InitError, .error_type = std::move(error_type), .payload = std::move(payload)});
}

void ExecutionEnvironment::OnProcessExit(const sandbox::ProcessExit& exit) {
  last_exit_ = exit;
  if (exit.cage_died) state_ = State::Dead;
  // An exit may be heard of before Start() has told the pid (StartProcess looks again), or be of an earlier process.
  if (!RuntimeHasExited()) return;
  EndPhase({.kind = PhaseEnd::Kind::Exit, .exit = exit});
}

Task<ExecutionEnvironment::PhaseEnd> ExecutionEnvironment::WaitForEnd(TimePoint until) {
  if (!co_await phase_ended_.WaitUntil(until)) {
    phase_active_ = false;
    co_return PhaseEnd{.kind = PhaseEnd::Kind::Timeout};
  }
  co_return std::move(phase_end_);
}

// --- phases ---------------------------------------------------------------------------------------------------------

Task<Result<sandbox::StartedProcess>> ExecutionEnvironment::StartProcess(Context& ctx) {
  if (!assigned_) {
    MF_CO_TRY_VOID(co_await cage_->Assign(ctx, spec_->cage));
    assigned_ = true;
  }
  cage_->SetCpuQuota(0);
  pid_ = 0;
  if (!last_exit_ || !last_exit_->cage_died) last_exit_.reset();
  sandbox::ProcessSpec process;
  process.arguments = spec_->arguments;
  process.environment = spec_->environment;
  AddOwnVariables(process.environment);
  auto started = co_await cage_->Start(ctx, spec_->start_mode, process);
  if (!started && started.error().code == "ENOENT" && !spec_->second_program.empty()) {
    process.arguments.front() = spec_->second_program;
    started = co_await cage_->Start(ctx, spec_->start_mode, process);
  }
  co_return started;
}

// What differs between the environments of one version. Processes that are started again get new credentials.
void ExecutionEnvironment::AddOwnVariables(std::vector<std::string>& variables) {
  variables.push_back("AWS_LAMBDA_LOG_STREAM_NAME=" + label_.log_stream);
  const auto credentials = ports_->IssueCredentials(*spec_);
  if (!credentials) return;
  access_key_id_ = credentials->access_key_id;
  variables.push_back("AWS_ACCESS_KEY_ID=" + credentials->access_key_id);
  variables.push_back("AWS_SECRET_ACCESS_KEY=" + credentials->secret_access_key);
  variables.push_back("AWS_SESSION_TOKEN=" + credentials->session_token);
}

Task<ExecutionEnvironment::PhaseEnd> ExecutionEnvironment::RunInit(Context& ctx, InitPhase phase, TimePoint until) {
  const TimePoint started = loop_->Now();
  const std::string_view phase_name = phase == InitPhase::Init ? "init" : "invoke";
  Emit({.type = Type::InitStart, .phase = phase_name});
  api_.Restart();
  phase_ended_.Reset();
  phase_active_ = true;
  oom_kills_seen_ = cage_->OomKills();
  auto process = co_await StartProcess(ctx);
  PhaseEnd end;
  if (process) {
    pid_ = process->pid;
    if (RuntimeHasExited()) EndPhase({.kind = PhaseEnd::Kind::Exit, .exit = *last_exit_});
    stdout_pipe_ = ports_->OpenPipe(std::move(process->stdout_fd), [this](std::string_view bytes) { stdout_lines_.Add(bytes); });
    stderr_pipe_ = ports_->OpenPipe(std::move(process->stderr_fd), [this](std::string_view bytes) { stderr_lines_.Add(bytes); });
    end = co_await WaitForEnd(until);
  } else {
    phase_active_ = false;
    end.kind = PhaseEnd::Kind::StartFailed;
    end.reason = process.error().ToString();
    end.error_type = process.error().code;
  }
  last_init_ = loop_->Now() - started;
  DrainOutput();
  if (end.kind == PhaseEnd::Kind::Ready) {
    state_ = State::Warm;
    cage_->SetCpuQuota(options_.cpus_per_mib * spec_->memory_mib);
  }
  PlatformEvent report{.type = Type::InitReport, .phase = phase_name, .duration = last_init_};
  std::string error_type;
  if (end.kind == PhaseEnd::Kind::Ready) {
    report.status = "success";
  } else {
    report.status = end.kind == PhaseEnd::Kind::Timeout ? "timeout" : "error";
    (void)ErrorDocument(end, "", error_type);
    report.error_type = error_type;
  }
  Emit(report);
  co_return end;
}

Task<> ExecutionEnvironment::Reset(Context& ctx) {
  api_.Restart();
  phase_active_ = false;
  if (state_ != State::Dead) {
    state_ = State::NeedsInit;
    cage_->SetCpuQuota(0);  // pid 1 does the killing, under the same quota as a bomb that may be using it up
    auto killed = co_await cage_->KillAll(ctx);
    if (!killed) state_ = State::Dead;
  }
  DrainOutput();
  stdout_lines_.Flush();
  stderr_lines_.Flush();
  stdout_pipe_.reset();
  stderr_pipe_.reset();
  pid_ = 0;
}

Task<Result<>> ExecutionEnvironment::Warm(Context& ctx) {
  if (state_ == State::Warm) co_return Result<>();
  Context own(*loop_);
  PhaseEnd end = co_await RunInit(own, InitPhase::Init, loop_->Now() + options_.init_timeout);
  if (end.kind == PhaseEnd::Kind::Ready) co_return Result<>();
  std::string error_type;
  std::string document = ErrorDocument(end, "", error_type);
  co_await Reset(own);
  co_return Fail(Error::Fault(fmt::format("Init failed: {}: {}", error_type, document)));
}

Task<Result<InvokeOutcome>> ExecutionEnvironment::Invoke(Context& ctx, Invocation invocation) {
  Context own(*loop_);  // what has begun runs to its end, whoever leaves
  tail_.Clear();
  want_log_tail_ = invocation.want_log_tail;
  InvokeOutcome outcome;
  Invocation kept;  // what the log and the error documents need after the payload has gone to the runtime
  kept.request_id = invocation.request_id;

  PhaseEnd end;
  if (state_ == State::New) {
    end = co_await RunInit(own, InitPhase::Init, loop_->Now() + options_.init_timeout);
    if (end.kind == PhaseEnd::Kind::Ready) {
      outcome.init_duration = last_init_;
    } else {
      if (end.kind == PhaseEnd::Kind::StartFailed && !assigned_) {
        state_ = State::Dead;
        co_return Fail(Error::Fault("start an execution environment: " + end.reason));
      }
      co_await Reset(own);
    }
  }
  if (state_ == State::Dead) co_return Fail(Error::Fault("the execution environment has died"));

  Emit({.type = Type::Start, .request_id = kept.request_id});
  const TimePoint started = loop_->Now();
  const TimePoint until = started + spec_->timeout;
  if (state_ == State::Warm && RuntimeHasExited()) co_await Reset(own);  // it died between invocations
  if (state_ == State::NeedsInit) end = co_await RunInit(own, InitPhase::Invoke, until);
  if (state_ == State::Warm) {
    phase_ended_.Reset();
    phase_active_ = true;
    const WallTime deadline = loop_->WallNow() + (until - loop_->Now());
    api_.Offer(std::move(invocation), deadline);
    end = co_await WaitForEnd(until);
  }
  FinishInvocation(outcome, kept, end, started);
  const bool keep = end.kind == PhaseEnd::Kind::Answer;
  if (!keep) co_await Reset(own);
  co_return outcome;
}

void ExecutionEnvironment::FinishInvocation(InvokeOutcome& outcome, const Invocation& kept, const PhaseEnd& end, TimePoint started) {
  const TimePoint now = loop_->Now();
  outcome.duration = now - started;
  DrainOutput();
  std::string error_type;
  std::string_view status = "success";
  const bool response = end.kind == PhaseEnd::Kind::Answer && end.answer.kind == RuntimeAnswer::Kind::Response;
  if (response) {
    // The payload moves on to the client without a copy.
    outcome.payload = std::move(const_cast<PhaseEnd&>(end).answer.payload);
    if (!end.answer.content_type.empty()) outcome.content_type = end.answer.content_type;
  } else {
    outcome.function_error = true;
    outcome.payload = ErrorDocument(end, kept.request_id, error_type);
    status = end.kind == PhaseEnd::Kind::Timeout ? "timeout" : end.kind == PhaseEnd::Kind::Answer ? "error" : "failure";
  }
  if (end.kind == PhaseEnd::Kind::Timeout) {
    const std::string line = fmt::format("{} {} Task timed out after {:.2f} seconds\n", FormatIso8601(loop_->WallNow()), kept.request_id,
                                         std::chrono::duration<double>(spec_->timeout).count());
    Emit({.type = Type::Fault, .request_id = kept.request_id, .text = line});
  } else if (end.kind == PhaseEnd::Kind::Exit || end.kind == PhaseEnd::Kind::StartFailed) {
    const std::string line = fmt::format("RequestId: {} Error: {}\n{}", kept.request_id,
                                         end.kind == PhaseEnd::Kind::Exit ? ExitReason(end.exit) : end.reason, error_type);
    Emit({.type = Type::Fault, .request_id = kept.request_id, .text = line});
  }
  if (dropped_lines_ > 0) {
    Emit({.type = Type::LogsDropped, .request_id = kept.request_id, .dropped_lines = dropped_lines_, .dropped_bytes = dropped_bytes_});
    dropped_lines_ = dropped_bytes_ = 0;
  }
  Emit({.type = Type::RuntimeDone, .request_id = kept.request_id, .status = status, .error_type = error_type, .duration = outcome.duration});
  PlatformEvent report{.type = Type::Report, .request_id = kept.request_id, .error_type = error_type, .duration = outcome.duration};
  // A handled error is no failure of the environment: AWS's REPORT line names a status only for those.
  report.status = status == "error" ? std::string_view("success") : status;
  report.init_duration = outcome.init_duration;
  report.billed_ms = static_cast<int64_t>(std::ceil(ToMillis(outcome.duration + outcome.init_duration)));
  report.max_memory_mib = UsedMemoryMib();
  Emit(report);
  outcome.log_tail = tail_.text();
}

// --- errors as AWS words them -----------------------------------------------------------------------------------------

std::string ExecutionEnvironment::ExitReason(const sandbox::ProcessExit& exit) const {
  if (exit.cage_died && exit.signal == 0 && exit.exit_code == 0) return "Runtime exited with error: signal: killed";
  if (exit.signal != 0) {
    const char* abbreviation = sigabbrev_np(exit.signal);
    const char* text = exit.signal == 9 ? "killed" : exit.signal == 11 ? "segmentation fault" : exit.signal == 6 ? "aborted"
                     : exit.signal == 15 ? "terminated" : exit.signal == 7 ? "bus error" : exit.signal == 4 ? "illegal instruction"
                     : exit.signal == 8 ? "floating point exception" : exit.signal == 5 ? "trace/breakpoint trap" : abbreviation;
    return fmt::format("Runtime exited with error: signal: {}", text ? text : "unknown");
  }
  if (exit.exit_code == 0) return "Runtime exited without providing a reason";
  return fmt::format("Runtime exited with error: exit status {}", exit.exit_code);
}

std::string ExecutionEnvironment::ErrorDocument(const PhaseEnd& end, std::string_view request_id, std::string& error_type) const {
  auto document = [&](std::string_view message) {
    return fmt::format(R"({{"errorType":{},"errorMessage":{}}})", json::Quote(error_type),
                       json::Quote(fmt::format("RequestId: {} Error: {}", request_id, message)));
  };
  switch (end.kind) {
    case PhaseEnd::Kind::Timeout:
      error_type = "Sandbox.Timedout";
      return document(fmt::format("Task timed out after {:.2f} seconds", std::chrono::duration<double>(spec_->timeout).count()));
    case PhaseEnd::Kind::Exit: {
      const bool killed = end.exit.signal == SIGKILL || end.exit.cage_died;
      const bool out_of_memory = killed && cage_->OomKills() > oom_kills_seen_;
      error_type = out_of_memory ? "Runtime.OutOfMemory" : "Runtime.ExitError";
      return document(ExitReason(end.exit));
    }
    case PhaseEnd::Kind::StartFailed:
      error_type = "Runtime.InvalidEntrypoint";
      return document(spec_->provided && (end.error_type == "ENOENT")
                          ? "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
                          : end.reason);
    case PhaseEnd::Kind::InitError:
      error_type = end.error_type;
      if (!end.payload.empty()) return end.payload;
      return document("Runtime failed during Init");
    case PhaseEnd::Kind::Answer:
      switch (end.answer.kind) {
        case RuntimeAnswer::Kind::ResponseTooLarge:
          error_type = "Function.ResponseSizeTooLarge";
          return fmt::format(R"({{"errorType":"{}","errorMessage":"Response payload size exceeded maximum allowed payload size ({} bytes)."}})",
                             error_type, kResponseBytesMax);
        case RuntimeAnswer::Kind::TruncatedResponse: error_type = "Runtime.TruncatedResponse"; return document("Response truncated");
        default: error_type = end.answer.error_type; return end.answer.payload;
      }
    case PhaseEnd::Kind::Ready: break;
  }
  error_type = "Runtime.Unknown";
  return document("Runtime failed");
}

int ExecutionEnvironment::UsedMemoryMib() const {
  const int64_t used = (cage_->PeakMemoryBytes() + (1 << 20) - 1) >> 20;
  return static_cast<int>(std::min<int64_t>(used, spec_->memory_mib));
}

// --- output -----------------------------------------------------------------------------------------------------------

void ExecutionEnvironment::Emit(PlatformEvent event) {
  event.time = loop_->WallNow();
  if (want_log_tail_) {
    if (auto line = telemetry::FormatLogLine(label_, event)) tail_.Add(*line);
  }
  events_->OnEvent(label_, event);
}

void ExecutionEnvironment::OnOutputLine(std::string_view line) {
  if (!log_budget_.Take(line.size() + 1)) {
    ++dropped_lines_;
    dropped_bytes_ += line.size() + 1;
    return;
  }
  Emit({.type = Type::LogLine, .text = line});
}

void ExecutionEnvironment::DrainOutput() {
  if (stdout_pipe_) stdout_pipe_->DrainNow();
  if (stderr_pipe_) stderr_pipe_->DrainNow();
}

}  // namespace mayfly::runtime
