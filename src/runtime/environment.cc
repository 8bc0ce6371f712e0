// The phases: Init and Invoke.
#include "runtime/environment.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/json.h"
#include "runtime/metadata_api.h"
#include "telemetry/log_format.h"
#include "telemetry/trace_header.h"

namespace mayfly::runtime {

using telemetry::PlatformEvent;
using Type = PlatformEvent::Type;

namespace {

// How long after the connection of a process its end may be heard of.
constexpr Duration kExitBehindTruncation = std::chrono::milliseconds(100);
// And the other way round: whether it had read the event.
constexpr Duration kConnectionEndBehindExit = std::chrono::milliseconds(100);

}  // namespace

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
      api_(loop, *this, options.streaming),
      extensions_(loop, *this),
      telemetry_(loop, ports, *cage_, label_),
      phase_ended_(loop),
      stdout_lines_([this](std::string_view line) { OnOutputLine(line, telemetry::LogLevel::Unset); }),
      stderr_lines_([this](std::string_view line) { OnOutputLine(line, telemetry::LogLevel::Unset); }),
      exited_(loop),
      init_start_{.type = Type::InitStart} {
  label_.log_stream = std::move(log_stream);
  cage_->OnExit([this](const sandbox::ProcessExit& exit) { OnProcessExit(exit); });
}

ExecutionEnvironment::~ExecutionEnvironment() { CloseOutputs(); }

Task<http::Response> ExecutionEnvironment::HandleRuntimeRequest(Context& ctx, http::Request& request) {
  strand_.Check();
  const std::string_view path = request.path();
  if (ExtensionsApi::Serves(path)) return extensions_.Handle(ctx, request);
  if (path == "/2022-07-01/telemetry" || path == "/2022-07-01/telemetry/") return HandleSubscription(ctx, request, TelemetryApi::Telemetry);
  if (path == "/2020-08-15/logs" || path == "/2020-08-15/logs/") return HandleSubscription(ctx, request, TelemetryApi::Logs);
  if (IsMetadataPath(path)) return HandleMetadata(request);
  return api_.Handle(ctx, request);
}

Task<http::Response> ExecutionEnvironment::HandleMetadata(const http::Request& request) {
  co_return AnswerMetadata(request, metadata_token_, spec_->region);
}

// --- what the runtime and the cage tell -----------------------------------------------------------------------------

void ExecutionEnvironment::BeginPhase() {
  MF_ASSERT(!phase_active_);
  phase_ended_.Reset();
  phase_active_ = true;
  goal_ = Goal::None;
}

void ExecutionEnvironment::EndPhase(PhaseEnd end) {
  if (!phase_active_) return;
  phase_active_ = false;
  phase_end_ = std::move(end);
  phase_ended_.Set();
}

bool ExecutionEnvironment::HasReached(Goal goal) const {
  switch (goal) {
    case Goal::ExtensionsRegistered: return extensions_.AllRegistered();
    case Goal::RuntimeReady: return api_.idle();
    case Goal::ExtensionsReady: return extensions_.AllReady();
    case Goal::None: break;
  }
  return false;
}

// The phase stays active: what fails before its next goal counts.
void ExecutionEnvironment::CheckGoal() {
  if (!phase_active_ || !HasReached(goal_)) return;
  goal_ = Goal::None;
  phase_end_ = {.kind = PhaseEnd::Kind::Ready};
  phase_ended_.Set();
}

void ExecutionEnvironment::OnAnswer(RuntimeAnswer answer) {
  strand_.Check();
  EndPhase({.kind = PhaseEnd::Kind::Answer, .answer = std::move(answer)});
}

void ExecutionEnvironment::OnInitError(std::string error_type, std::string payload) {
  EndPhase({.kind = PhaseEnd::Kind::InitError, .error_type = std::move(error_type), .payload = std::move(payload)});
}

void ExecutionEnvironment::OnProcessExit(const sandbox::ProcessExit& exit) {
  strand_.Check();
  exited_.Pulse();
  if (exit.cage_died) {
    state_ = State::Dead;
    EndPhase({.kind = PhaseEnd::Kind::Exit, .exit = exit});
  } else if (exit.pid == pid_) {
    runtime_exit_ = exit;
    EndPhase({.kind = PhaseEnd::Kind::Exit, .exit = exit});
  } else if (Extension* extension = extensions_.FindProcess(exit.pid)) {
    OnExtensionExit(*extension, exit);
  } else if (starting_) {
    unclaimed_.push_back(exit);
  }
}

// Waits for the goal, or whatever else ends the phase. Goal::None: only for the latter.
Task<ExecutionEnvironment::PhaseEnd> ExecutionEnvironment::Await(Goal goal, TimePoint until) {
  if (phase_active_) {
    if (HasReached(goal)) co_return PhaseEnd{.kind = PhaseEnd::Kind::Ready};
    phase_ended_.Reset();
    goal_ = goal;
    if (!co_await phase_ended_.WaitUntil(until)) {
      phase_active_ = false;
      co_return PhaseEnd{.kind = PhaseEnd::Kind::Timeout};
    }
  }
  co_return std::move(phase_end_);
}

// --- Init -------------------------------------------------------------------------------------------------------------

Task<Result<>> ExecutionEnvironment::AssignCage(Context& ctx) {
  if (!assigned_) {
    MF_CO_TRY_VOID(co_await cage_->Assign(ctx, spec_->cage));
    MF_ASSERT(!assigned_);
    assigned_ = true;
  }
  cage_->SetCpuQuota(0);
  metadata_token_ = ports_->random().Hex(32);
  credentials_ = ports_->IssueCredentials(*spec_);  // processes that are started again get new ones
  co_return Result<>();
}

// Ready: the process runs, and its number is known.
Task<ExecutionEnvironment::PhaseEnd> ExecutionEnvironment::StartRuntime(Context& ctx) {
  MF_ASSERT(assigned_ && starting_ && pid_ == 0);
  sandbox::ProcessSpec process;
  process.arguments = spec_->arguments;
  process.environment = spec_->environment;
  process.environment.push_back("AWS_LAMBDA_LOG_STREAM_NAME=" + label_.log_stream);
  AddCredentials(process.environment);
  process.working_directory = spec_->working_directory;
  process.wants_log_pipe = spec_->framed_logs;
  auto started = co_await cage_->Start(ctx, spec_->start_mode, process);
  if (!started && (started.error().code == "ENOENT" || started.error().code == "EISDIR") && !spec_->second_program.empty()) {
    process.arguments.front() = spec_->second_program;
    started = co_await cage_->Start(ctx, spec_->start_mode, process);
  }
  if (!started) {
    phase_active_ = false;
    started_program_ = process.arguments.empty() ? "" : process.arguments.front();
    co_return PhaseEnd{.kind = PhaseEnd::Kind::StartFailed, .error_type = started.error().code, .reason = started.error().ToString()};
  }
  pid_ = started->pid;
  MF_ASSERT(pid_ > 0);
  stdout_pipe_ = ports_->OpenPipe(std::move(started->stdout_fd), [this](std::string_view bytes) { stdout_lines_.Add(bytes); });
  stderr_pipe_ = ports_->OpenPipe(std::move(started->stderr_fd), [this](std::string_view bytes) { stderr_lines_.Add(bytes); });
  if (started->log_fd) {
    log_frames_ = std::make_unique<LogFrameSplitter>([this](std::string_view text, telemetry::LogLevel level) { OnOutputLine(text, level); });
    drains_log_pipe_ = true;
    log_pipe_ = ports_->OpenPipe(std::move(started->log_fd), [this](std::string_view bytes) {
      drains_log_pipe_ = true;
      log_frames_->Add(bytes);
    });
  }
  for (const sandbox::ProcessExit& exit : std::vector(unclaimed_)) {
    if (exit.pid == pid_) OnProcessExit(exit);
  }
  co_return PhaseEnd{.kind = PhaseEnd::Kind::Ready};
}

Task<ExecutionEnvironment::PhaseEnd> ExecutionEnvironment::BringUp(Context& ctx, std::string_view phase_name, TimePoint until) {
  auto assigned = co_await AssignCage(ctx);
  if (!assigned) {
    phase_active_ = false;
    co_return PhaseEnd{.kind = PhaseEnd::Kind::StartFailed, .error_type = assigned.error().code, .reason = assigned.error().ToString()};
  }
  if (!spec_->extensions.empty()) {
    PhaseEnd registered = co_await StartExtensions(ctx, until);
    if (registered.kind != PhaseEnd::Kind::Ready) co_return registered;
  }
  PhaseEnd end = co_await StartRuntime(ctx);
  if (end.kind == PhaseEnd::Kind::Ready) end = co_await Await(Goal::RuntimeReady, until);
  PlatformEvent done{.type = Type::InitRuntimeDone, .phase = phase_name, .status = StatusOf(end)};
  const std::string error_type = ErrorTypeOf(end);
  done.error_type = error_type;
  Emit(done);
  extensions_.CloseRegistration();
  if (end.kind == PhaseEnd::Kind::Ready && !extensions_.empty()) end = co_await Await(Goal::ExtensionsReady, until);
  co_return end;
}

void ExecutionEnvironment::AddCredentials(std::vector<std::string>& variables) const {
  variables.push_back("AWS_LAMBDA_METADATA_TOKEN=" + metadata_token_);
  if (!credentials_) return;
  variables.push_back("AWS_ACCESS_KEY_ID=" + credentials_->access_key_id);
  variables.push_back("AWS_SECRET_ACCESS_KEY=" + credentials_->secret_access_key);
  variables.push_back("AWS_SESSION_TOKEN=" + credentials_->session_token);
}

Task<ExecutionEnvironment::PhaseEnd> ExecutionEnvironment::RunInit(Context& ctx, InitPhase phase, TimePoint until) {
  MF_ASSERT(state_ != State::Warm && !starting_ && unclaimed_.empty());
  const TimePoint started = loop_->Now();
  const std::string_view phase_name = phase == InitPhase::Init ? "init" : "invoke";
  api_.Restart();
  extensions_.Open({.function_name = label_.function_name, .function_version = label_.function_version, .handler = spec_->handler,
                    .account_id = label_.account_id}, ports_->random());
  telemetry_.Open(spec_->extensions.empty() ? TelemetryHub::Backlog::None : TelemetryHub::Backlog::Keep);
  init_start_.phase = phase_name;
  init_start_.time = loop_->WallNow();
  Emit(init_start_);
  BeginPhase();
  pid_ = 0;
  runtime_exit_.reset();
  extension_end_.reset();
  oom_kills_seen_ = cage_->OomKills();
  starting_ = true;
  PhaseEnd end = co_await BringUp(ctx, phase_name, until);
  starting_ = false;
  unclaimed_.clear();
  phase_active_ = false;
  last_init_ = loop_->Now() - started;
  if (on_init_end_) std::exchange(on_init_end_, {})();
  TakeOutput();
  if (end.kind == PhaseEnd::Kind::Ready) {
    state_ = State::Warm;
    MF_ASSERT(assigned_ && pid_ > 0);
    drains_log_pipe_ = true;
    cage_->SetCpuQuota(options_.cpus_per_mib * spec_->memory_mib);
  }
  TellExtensions();
  telemetry_.Close();
  PlatformEvent report{.type = Type::InitReport, .phase = phase_name, .status = StatusOf(end), .duration = last_init_};
  const std::string error_type = ErrorTypeOf(end);
  report.error_type = error_type;
  Emit(report);
  co_return end;
}

Task<Result<>> ExecutionEnvironment::Warm(Context& ctx) {
  strand_.Check();
  if (state_ == State::Warm) co_return Result<>();
  Context own(*loop_);
  PhaseEnd end = co_await RunInit(own, InitPhase::Init, InitDeadline());
  if (end.kind == PhaseEnd::Kind::Ready) co_return Result<>();
  const std::string failure = fmt::format("Init failed: {}: {}", ErrorTypeOf(end), ErrorDocument(end, ""));
  co_await EndProcesses(own, end);
  co_return Fail(Error::Fault(failure));
}

// --- Invoke -----------------------------------------------------------------------------------------------------------

void ExecutionEnvironment::OfferInvocation(Invocation invocation, const Running& running) {
  MF_ASSERT(phase_active_ && state_ == State::Warm && !invocation.request_id.empty());
  const WallTime deadline = loop_->WallNow() + (running.until - loop_->Now());
  if (!extensions_.empty()) {
    extensions_.HandOutInvoke(fmt::format(R"({{"eventType":"INVOKE","deadlineMs":{},"requestId":{},"invokedFunctionArn":{},"tracing":{{)"
                                          R"("type":"X-Amzn-Trace-Id","value":{}}}}})",
                                          ToEpochMillis(deadline), json::Quote(invocation.request_id), json::Quote(invocation.invoked_function_arn),
                                          json::Quote(invocation.trace_id)));
  }
  api_.Offer(std::move(invocation), deadline);
}

Task<ExecutionEnvironment::PhaseEnd> ExecutionEnvironment::RunInvocation(Context& ctx, Invocation invocation, const Running& running) {
  BeginPhase();
  OfferInvocation(std::move(invocation), running);
  PhaseEnd end = co_await Await(Goal::None, running.until);
  if (end.kind != PhaseEnd::Kind::Exit || state_ == State::Dead) co_return end;
  // A runtime that ends after its last answer, before it takes this event, must not fail it: another one gets it.
  co_await api_.AwaitFateOfDelivery(std::min(running.until, loop_->Now() + kConnectionEndBehindExit));
  std::optional<Invocation> unseen = api_.TakeBack();
  if (!unseen) co_return end;
  co_await Reset(ctx);
  if (state_ == State::Dead && WasKilledForMemory()) {
    unserved_ = std::move(unseen);
    co_return end;
  }
  if (state_ == State::NeedsInit) end = co_await RunInit(ctx, InitPhase::Invoke, running.until);
  if (state_ != State::Warm) co_return end;
  BeginPhase();
  OfferInvocation(std::move(*unseen), running);
  co_return co_await Await(Goal::None, running.until);
}

Task<Result<InvokeOutcome>> ExecutionEnvironment::Invoke(Context& ctx, Invocation invocation) {
  MF_ASSERT(settled());
  strand_.Check();
  Context own(*loop_);  // what has begun runs to its end, whoever leaves
  tail_.Clear();
  want_log_tail_ = invocation.want_log_tail;
  InvokeOutcome outcome;
  Running running;  // what the log and the error documents need after the payload has gone to the runtime
  running.request_id = invocation.request_id;

  PhaseEnd end;
  bool has_failed_init = false;
  if (state_ == State::New) {
    end = co_await RunInit(own, InitPhase::Init, InitDeadline());
    has_failed_init = end.kind != PhaseEnd::Kind::Ready;
    if (end.kind == PhaseEnd::Kind::Ready) {
      running.init_duration = outcome.init_duration = last_init_;
    } else {
      if (end.kind == PhaseEnd::Kind::StartFailed && !assigned_) {
        state_ = State::Dead;
        co_return Fail(Error::Fault("start an execution environment: " + end.reason));
      }
      co_await EndProcesses(own, end);
    }
  }
  if (state_ == State::Warm && IsBroken()) co_await Reset(own);  // it died between invocations
  if (state_ == State::Dead) co_return Fail(GiveUp(std::move(invocation)));

  running.started = loop_->Now();
  running.started_wall = loop_->WallNow();
  running.until = running.started + spec_->timeout;
  if (state_ == State::NeedsInit) end = co_await RunInit(own, InitPhase::Invoke, running.until);
  // The tail begins with START. What init had to say stands only in the log group, unless it failed: then it comes first, as there.
  if (!has_failed_init && state_ == State::Warm) tail_.Clear();
  if (TellsTraces() || telemetry::IsSampled(invocation.trace_id)) running.trace_id = invocation.trace_id;
  Announce(running, invocation.is_announced);
  if (state_ == State::Warm) end = co_await RunInvocation(own, std::move(invocation), running);
  if (unserved_) {
    unserved_->is_announced = true;
    co_return Fail(GiveUp(std::move(*unserved_)));
  }
  if (end.kind == PhaseEnd::Kind::Answer && end.answer.kind == RuntimeAnswer::Kind::TruncatedResponse) {
    end = co_await AwaitExitBehindTruncation(std::move(end));
  }
  FillOutcome(outcome, running, end);
  MF_ASSERT(!epilogue_);
  if (!extensions_.empty()) {
    epilogue_ = std::make_unique<Epilogue>(std::move(running), std::move(end));
    if (want_log_tail_) co_await Settle();  // END and REPORT belong to the tail
  } else {
    ReportRuntimeDone(running, end, running.answered);
    ReportInvocation(running, end, running.answered, {});
    if (end.kind != PhaseEnd::Kind::Answer) co_await Reset(own);
  }
  outcome.max_memory_mib = max_memory_mib_;
  outcome.private_memory_mib = private_memory_mib_;
  outcome.log_tail = tail_.text();
  co_return outcome;
}

void ExecutionEnvironment::SkipInitPhase() {
  MF_ASSERT(state_ == State::New);
  state_ = State::NeedsInit;
}

void ExecutionEnvironment::Announce(const Running& running, bool is_announced) {
  PlatformEvent start{.type = Type::Start, .request_id = running.request_id, .tracing = running.trace_id};
  if (!is_announced) return Emit(start);
  start.time = loop_->WallNow();
  if (const auto line = telemetry::FormatLogLine(label_, start); line && want_log_tail_) tail_.Add(*line);
}

// What is killed for its memory before it takes an event does not fail it.
Error ExecutionEnvironment::GiveUp(Invocation invocation) {
  if (WasKilledForMemory()) unserved_ = std::move(invocation);
  return Error::Fault("the execution environment has died");
}

// A process that ends in the midst of its answer is heard of by its connection first. What is told is why it ended.
Task<ExecutionEnvironment::PhaseEnd> ExecutionEnvironment::AwaitExitBehindTruncation(PhaseEnd end) {
  const TimePoint until = loop_->Now() + kExitBehindTruncation;
  while (!RuntimeHasExited() && co_await exited_.WaitUntil(until)) {
  }
  co_return RuntimeHasExited() ? ExitOfRuntime() : std::move(end);
}

ExecutionEnvironment::PhaseEnd ExecutionEnvironment::ExitOfRuntime() const {
  if (state_ == State::Dead) return {.kind = PhaseEnd::Kind::Exit, .exit = {.signal = 9, .cage_died = true}};
  MF_ASSERT(runtime_exit_.has_value());
  return {.kind = PhaseEnd::Kind::Exit, .exit = *runtime_exit_};
}

// The runtime has answered; it has still to ask for the next invocation.
Task<ExecutionEnvironment::PhaseEnd> ExecutionEnvironment::AwaitRuntimeAfterAnswer(const Running& running) {
  BeginPhase();
  if (extension_end_) co_return *extension_end_;
  if (RuntimeHasExited()) co_return ExitOfRuntime();
  co_return co_await Await(Goal::RuntimeReady, running.until);
}

Task<> ExecutionEnvironment::Settle() {
  strand_.Check();
  MF_ASSERT(epilogue_ != nullptr);
  Context own(*loop_);
  Epilogue& epilogue = *epilogue_;
  const Running& running = epilogue.running;
  TimePoint done = running.answered;
  telemetry::EventSpan overhead{.name = "extensionOverhead"};
  std::span<const telemetry::EventSpan> spans;
  PhaseEnd& end = epilogue.end;
  if (end.kind == PhaseEnd::Kind::Answer) {
    PhaseEnd after = co_await AwaitRuntimeAfterAnswer(running);
    done = loop_->Now();
    TakeOutput();
    if (after.kind != PhaseEnd::Kind::Ready) TellFailure(running, after);
    ReportRuntimeDone(running, after.kind == PhaseEnd::Kind::Ready ? end : after, done);
    if (after.kind == PhaseEnd::Kind::Ready) {
      overhead.start = loop_->WallNow();
      after = co_await Await(Goal::ExtensionsReady, running.until);
      overhead.duration = loop_->Now() - done;
      spans = {&overhead, 1};
      done = loop_->Now();
      TakeOutput();
      if (after.kind != PhaseEnd::Kind::Ready) TellFailure(running, after);
    }
    phase_active_ = false;
    if (after.kind != PhaseEnd::Kind::Ready) end = std::move(after);
  } else {
    ReportRuntimeDone(running, end, done);
  }
  ReportInvocation(running, end, done, spans);
  if (end.kind != PhaseEnd::Kind::Answer) co_await EndProcesses(own, end);
  epilogue_.reset();
}

}  // namespace mayfly::runtime
