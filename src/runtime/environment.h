// ExecutionEnvironment: one sandbox that runs one function version, one invocation at a time.
//
// Life cycle (AWS "Understanding the Lambda execution environment lifecycle"):
//   Cold ──Init (10 s)──► Idle ◄──► Busy ──► … ──► Shutdown ──► Dead
//   Init: external extensions are started and register, then the runtime is started and asks for work, then every extension
//   asks for its first event. One that fails or times out is repeated inside the first Invoke, under the function's timeout
//   ("suppressed init"). An invocation is over when the runtime and every extension that takes part have asked for the next.
//   A timeout or crash in Invoke ends the processes (Shutdown) and keeps the sandbox and its /tmp; the next Invoke starts with
//   a suppressed init. When the cage itself has died, or something in it was killed for its memory, the environment is Dead: the kernel
//   frees some of a dead process's memory late (buffers of sockets), and what starts in that cage meanwhile would be killed, too.
// Without an extension there is no Shutdown phase and no Settle: AWS kills at once then, and so does this.
// Made and kept by EnvironmentManager; Invoke() is called by invoke::Invoker. One strand. Destroying it destroys the cage; no
// task of it may be under way.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/event.h"
#include "base/strand.h"
#include "base/task_scope.h"
#include "net/http_message.h"
#include "runtime/environment_ports.h"
#include "runtime/extensions_api.h"
#include "runtime/invocation.h"
#include "runtime/log_frames.h"
#include "runtime/log_pipe.h"
#include "runtime/runtime_api.h"
#include "runtime/telemetry_hub.h"
#include "sandbox/sandbox.h"
#include "telemetry/function_log.h"
#include "telemetry/platform_event.h"

namespace mayfly::runtime {

// What all environments of one function version share.
struct EnvironmentSpec {
  telemetry::EnvironmentLabel label;  // log_stream is set per environment
  sandbox::CageSpec cage;
  sandbox::StartMode start_mode;
  std::vector<std::string> arguments;    // of the runtime process
  std::string second_program;            // takes the place of arguments[0] where that is not there; "" for none
  std::vector<std::string> environment;  // without the per-environment variables (log stream)
  std::vector<std::string> extensions;   // files of /opt/extensions, sorted: each is started in Init
  std::vector<std::string> extension_environment;
  std::string handler;
  Duration timeout = std::chrono::seconds(3);
  Duration init_timeout{};   // of the Init phase; 0: EnvironmentOptions'
  int memory_mib = 128;
  std::string account_id;
  std::string region;
  std::string session_arn;   // whom the execution role's credentials stand for: arn:aws:sts::…:assumed-role/ROLE/FUNCTION
  std::string working_directory = "/var/task";
  bool is_image = false;     // a container image: failed starts are told as AWS does for those
  bool provided = false;     // an own `bootstrap`: a failed exec is Runtime.InvalidEntrypoint
  bool framed_logs = false;  // the runtime process gets the descriptor that _LAMBDA_TELEMETRY_LOG_FD names
  bool is_in_vpc = false;    // it reaches what its networks let it

  std::string VersionArn() const { return label.function_arn + ':' + label.function_version; }
};

// Options of all environments (runtime_options.h).
struct EnvironmentOptions {
  Duration init_timeout = std::chrono::seconds(10);
  double cpus_per_mib = 1.0 / 1769;       // 0: no CPU limit
  uint64_t log_burst_bytes = 8ull << 20;  // function output: burst, then rate
  uint64_t log_bytes_per_second = 4ull << 20;
  StreamLimits streaming;
};

// How long the Shutdown phase lasts at most; the runtime has the first 30 % of it.
inline constexpr Duration kShutdownWithExternalExtensions = std::chrono::milliseconds(2000);
inline constexpr Duration kShutdownWithInternalExtensions = std::chrono::milliseconds(500);

class ExecutionEnvironment final : private RuntimeEvents, private ExtensionEvents {
 public:
  ExecutionEnvironment(Loop& loop, std::shared_ptr<const EnvironmentSpec> spec, const EnvironmentOptions& options,
                       std::unique_ptr<sandbox::Cage> cage, EnvironmentPorts& ports, telemetry::EventSink& events, std::string log_stream);
  ~ExecutionEnvironment() override;

  // Runs one invocation: success, function error, timeout, crash — all of them values. Returns when the caller's answer is
  // known: with extensions that may be before its end, and Settle() must follow. Errors: Fault when the platform failed before
  // the function could have seen the event (safe to retry elsewhere). Not bounded by ctx.deadline (the function's timeout
  // bounds it) nor by ctx.stop: what has begun runs to its end, as on AWS.
  Task<Result<InvokeOutcome>> Invoke(Context& ctx, Invocation invocation);
  // After a Fault of Invoke: the invocation, when the environment was killed for its memory before the function took the event.
  std::optional<Invocation> TakeUnserved() { return std::exchange(unserved_, std::nullopt); }
  // The first Init is part of the first Invoke: that of another environment has failed. Before Invoke.
  void SkipInitPhase();
  // Whether nothing is left of the last invocation.
  bool settled() const { return epilogue_ == nullptr; }
  // Waits for runtime and extensions, reports, and cleans up after a failure. Bounded by the function's timeout and the Shutdown.
  Task<> Settle();
  // Init without an invocation (provisioned concurrency, pools). Error: what Init failed with.
  Task<Result<>> Warm(Context& ctx);
  // Called when the next Init has ended, whether well or not.
  void OnInitEnd(Loop::Callback callback) { on_init_end_ = std::move(callback); }
  // Whether extensions want to hear of the end. Else the environment is destroyed as it is.
  bool needs_shutdown() const { return state_ == State::Warm && !extensions_.empty(); }
  // The end of an idle environment: the Shutdown phase with reason "spindown". It is dead then.
  Task<> ShutDown();

  // A connection to the environment's APIs has ended; `torn`: its other side had not read all that it was sent.
  void OnConnectionEnd(std::string_view peer, bool torn) { api_.OnConnectionEnd(peer, torn); }
  // Serves the environment's Runtime, Extensions, Telemetry and Logs APIs.
  Task<http::Response> HandleRuntimeRequest(Context& ctx, http::Request& request);
  sandbox::Cage& cage() { return *cage_; }
  const EnvironmentSpec& spec() const { return *spec_; }
  bool dead() const { return state_ == State::Dead; }
  bool warm() const { return state_ == State::Warm; }
  // Whether its processes have ended unasked, and for their memory.
  bool is_out_of_memory() const { return IsBroken() && WasKilledForMemory(); }
  TimePoint made_at() const { return made_at_; }
  // Of the credentials that its processes have got; "" before the first start.
  std::string access_key_id() const { return credentials_ ? credentials_->access_key_id : std::string(); }

 private:
  enum class State : unsigned char { New, NeedsInit, Warm, Dead };
  // What a phase waits for.
  enum class Goal : unsigned char { None, ExtensionsRegistered, RuntimeReady, ExtensionsReady };
  // Why a phase ended.
  struct PhaseEnd {
    enum class Kind : unsigned char { Ready, Answer, InitError, Exit, Timeout, StartFailed, ExtensionFailed };
    Kind kind = Kind::Ready;
    RuntimeAnswer answer;    // Answer
    std::string error_type;  // InitError, StartFailed, ExtensionFailed
    std::string payload;     // InitError
    std::string reason;      // StartFailed: errno text; ExtensionFailed
    sandbox::ProcessExit exit;
  };
  enum class InitPhase : unsigned char { Init, Invoke };
  // The invocation in hand, from its start to its report.
  struct Running {
    std::string request_id;
    std::string trace_id;  // kept only where somebody is told
    TimePoint started{};
    WallTime started_wall{};
    TimePoint until{};
    TimePoint answer_began{};  // of a streamed answer
    TimePoint answered{};
    Duration init_duration{};
    int64_t produced_bytes = -1;
  };
  struct Epilogue {
    Running running;
    PhaseEnd end;
  };

  void OnReady() override { CheckGoal(); }
  void OnAnswer(RuntimeAnswer answer) override;
  void OnInitError(std::string error_type, std::string payload) override;
  void OnExtensionProgress() override { CheckGoal(); }
  void OnProcessExit(const sandbox::ProcessExit& exit);
  void OnExtensionExit(Extension& extension, const sandbox::ProcessExit& exit);

  // Phases: environment.cc
  Task<http::Response> HandleMetadata(const http::Request& request);
  Task<Result<>> AssignCage(Context& ctx);
  void AddCredentials(std::vector<std::string>& variables) const;
  void BeginPhase();
  void EndPhase(PhaseEnd end);
  void CheckGoal();
  bool HasReached(Goal goal) const;
  Task<PhaseEnd> Await(Goal goal, TimePoint until);
  TimePoint InitDeadline() const {
    return loop_->Now() + (spec_->init_timeout.count() > 0 ? spec_->init_timeout : options_.init_timeout);
  }
  Task<PhaseEnd> RunInit(Context& ctx, InitPhase phase, TimePoint until);
  Task<PhaseEnd> BringUp(Context& ctx, std::string_view phase_name, TimePoint until);
  Task<PhaseEnd> StartRuntime(Context& ctx);
  bool RuntimeHasExited() const { return runtime_exit_.has_value() || state_ == State::Dead; }
  PhaseEnd ExitOfRuntime() const;  // RuntimeHasExited()
  bool IsBroken() const { return RuntimeHasExited() || extension_end_.has_value(); }
  bool WasKilledForMemory() const { return cage_->OomKills() > oom_kills_seen_; }  // since the last Init began
  void OfferInvocation(Invocation invocation, const Running& running);
  Task<PhaseEnd> RunInvocation(Context& ctx, Invocation invocation, const Running& running);
  void Announce(const Running& running, bool is_announced);
  Error GiveUp(Invocation invocation);
  Task<PhaseEnd> AwaitExitBehindTruncation(PhaseEnd end);
  Task<PhaseEnd> AwaitRuntimeAfterAnswer(const Running& running);

  // Extensions and the end of processes: environment_extensions.cc
  Task<PhaseEnd> StartExtensions(Context& ctx, TimePoint until);
  Task<PhaseEnd> StartExtension(Context& ctx, Extension& extension);
  PhaseEnd LaunchFailure(Extension& extension, std::string_view error_type, std::string reason);
  void TellExtensions();
  Task<> RunShutdown(std::string_view reason);
  bool HaveExtensionsExited() const;
  Task<> EndProcesses(Context& ctx, const PhaseEnd& end);
  Task<> Reset(Context& ctx);
  Task<http::Response> HandleSubscription(Context& ctx, http::Request& request, TelemetryApi api);
  void CloseOutputs();

  // Reports: environment_report.cc
  void FillOutcome(InvokeOutcome& outcome, Running& running, PhaseEnd& end);
  void TellFailure(const Running& running, const PhaseEnd& end);
  void ReportRuntimeDone(const Running& running, const PhaseEnd& end, TimePoint done);
  void ReportInvocation(const Running& running, const PhaseEnd& end, TimePoint done, std::span<const telemetry::EventSpan> spans);
  std::string_view StatusOf(const PhaseEnd& end) const;
  std::string ErrorTypeOf(const PhaseEnd& end) const;  // "" for success
  std::string ReasonOf(const PhaseEnd& end) const;
  std::string ReasonOfFailedStart(std::string_view code) const;
  std::string ErrorDocument(const PhaseEnd& end, std::string_view request_id) const;
  void MeasureMemory(const PhaseEnd& end);
  bool TellsTraces() const { return !extensions_.empty() || label_.log_format == telemetry::LogFormat::Json; }
  void Emit(telemetry::PlatformEvent event);
  void OnOutputLine(std::string_view line, telemetry::LogLevel level);
  void OnExtensionLine(std::string_view line);
  bool FitsBudget(std::string_view line);
  void TakeOutput();

  Strand strand_;
  Loop* loop_;
  std::shared_ptr<const EnvironmentSpec> spec_;
  EnvironmentOptions options_;
  std::unique_ptr<sandbox::Cage> cage_;
  EnvironmentPorts* ports_;
  telemetry::EventSink* events_;
  telemetry::EnvironmentLabel label_;
  telemetry::LogTail tail_;
  LogBudget log_budget_;
  uint64_t dropped_lines_ = 0;
  uint64_t dropped_bytes_ = 0;

  State state_ = State::New;
  bool assigned_ = false;
  const TimePoint made_at_;
  std::optional<identity::AccessKey> credentials_;  // of the execution role
  std::string metadata_token_;  // of the processes that run
  RuntimeApi api_;
  ExtensionsApi extensions_;
  TelemetryHub telemetry_;
  int pid_ = 0;  // of the runtime
  std::string started_program_;
  bool phase_active_ = false;
  Goal goal_ = Goal::None;
  PhaseEnd phase_end_;
  Event phase_ended_;
  LineSplitter stdout_lines_;
  LineSplitter stderr_lines_;
  std::unique_ptr<LogFrameSplitter> log_frames_;
  std::unique_ptr<LogPipe> stdout_pipe_;
  std::unique_ptr<LogPipe> stderr_pipe_;
  std::unique_ptr<LogPipe> log_pipe_;
  bool drains_log_pipe_ = false;  // until the first invocation has ended without a frame, and again after one
  std::vector<std::unique_ptr<ProcessOutput>> extension_outputs_;
  std::optional<sandbox::ProcessExit> runtime_exit_;
  std::optional<PhaseEnd> extension_end_;  // the first extension that ended unasked
  bool starting_ = false;
  std::vector<sandbox::ProcessExit> unclaimed_;  // heard of before Start() has told the number; while starting_
  bool shutting_down_ = false;
  Event exited_;
  std::unique_ptr<Epilogue> epilogue_;
  std::optional<Invocation> unserved_;
  telemetry::PlatformEvent init_start_;
  bool want_log_tail_ = false;
  Duration last_init_{};
  Loop::Callback on_init_end_;
  int64_t oom_kills_seen_ = 0;  // when the runtime was started
  int max_memory_mib_ = 0;      // as last reported; likewise the next
  int private_memory_mib_ = 0;
};

}  // namespace mayfly::runtime
