// ExecutionEnvironment: one sandbox that runs one function version, one invocation at a time.
//
// Life cycle (AWS "Understanding the Lambda execution environment lifecycle"):
//   Cold ──Init (10 s)──► Idle ◄──► Busy ──► … ──► Dead
//   An Init that fails or times out is repeated inside the first Invoke, under the function's timeout ("suppressed init").
//   A timeout or crash in Invoke kills the processes and keeps the sandbox and its /tmp; the next Invoke starts with a
//   suppressed init. When the cage itself has died the environment is Dead.
// Made and kept by EnvironmentPool; Invoke() is called by invoke::Invoker. One strand. Destroying it destroys the cage; no
// Invoke() may be under way.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/event.h"
#include "base/task_scope.h"
#include "net/http_message.h"
#include "runtime/invocation.h"
#include "runtime/log_pipe.h"
#include "runtime/runtime_api.h"
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
  Duration timeout = std::chrono::seconds(3);
  int memory_mib = 128;
  std::string account_id;
  std::string session_arn;  // whom the execution role's credentials stand for: arn:aws:sts::…:assumed-role/ROLE/FUNCTION
  bool provided = false;  // an own `bootstrap`: a failed exec is Runtime.InvalidEntrypoint
};

// Options of all environments (mayflyd's option table).
struct EnvironmentOptions {
  Duration init_timeout = std::chrono::seconds(10);
  double cpus_per_mib = 1.0 / 1769;       // 0: no CPU limit
  uint64_t log_burst_bytes = 8ull << 20;  // function output: burst, then rate
  uint64_t log_bytes_per_second = 4ull << 20;
};

class ExecutionEnvironment final : private RuntimeEvents {
 public:
  ExecutionEnvironment(Loop& loop, std::shared_ptr<const EnvironmentSpec> spec, const EnvironmentOptions& options,
                       std::unique_ptr<sandbox::Cage> cage, EnvironmentPorts& ports, telemetry::EventSink& events, std::string log_stream);
  ~ExecutionEnvironment() override;

  // Runs one invocation to its end: success, function error, timeout, crash — all of them values. Errors: Fault when the
  // platform failed before the function could have seen the event (safe to retry elsewhere). Not bounded by ctx.deadline
  // (the function's timeout bounds it) nor by ctx.stop: what has begun runs to its end, as on AWS.
  Task<Result<InvokeOutcome>> Invoke(Context& ctx, Invocation invocation);
  // Init without an invocation (provisioned concurrency, pools). Error: what Init failed with.
  Task<Result<>> Warm(Context& ctx);

  // Serves the environment's Runtime API.
  Task<http::Response> HandleRuntimeRequest(Context& ctx, http::Request& request) { return api_.Handle(ctx, request); }
  sandbox::Cage& cage() { return *cage_; }
  const EnvironmentSpec& spec() const { return *spec_; }
  bool dead() const { return state_ == State::Dead; }
  bool warm() const { return state_ == State::Warm; }
  TimePoint made_at() const { return made_at_; }
  // Of the credentials that its processes have got; "" before the first start.
  const std::string& access_key_id() const { return access_key_id_; }

 private:
  enum class State : unsigned char { New, NeedsInit, Warm, Dead };
  // Why a phase ended.
  struct PhaseEnd {
    enum class Kind : unsigned char { Ready, Answer, InitError, Exit, Timeout, StartFailed };
    Kind kind = Kind::Ready;
    RuntimeAnswer answer;    // Answer
    std::string error_type;  // InitError, StartFailed
    std::string payload;     // InitError
    std::string reason;      // StartFailed: errno text
    sandbox::ProcessExit exit;
  };
  enum class InitPhase : unsigned char { Init, Invoke };

  void OnReady() override;
  void OnAnswer(RuntimeAnswer answer) override;
  void OnInitError(std::string error_type, std::string payload) override;
  void OnProcessExit(const sandbox::ProcessExit& exit);

  // Starts the runtime and waits for its first GET /next.
  Task<PhaseEnd> RunInit(Context& ctx, InitPhase phase, TimePoint until);
  Task<Result<sandbox::StartedProcess>> StartProcess(Context& ctx);
  void AddOwnVariables(std::vector<std::string>& variables);
  bool RuntimeHasExited() const { return last_exit_ && (last_exit_->cage_died || last_exit_->pid == pid_); }
  Task<PhaseEnd> WaitForEnd(TimePoint until);
  Task<> Reset(Context& ctx);
  void EndPhase(PhaseEnd end);
  void FinishInvocation(InvokeOutcome& outcome, const Invocation& kept, const PhaseEnd& end, TimePoint started);
  std::string ErrorDocument(const PhaseEnd& end, std::string_view request_id, std::string& error_type) const;
  std::string ExitReason(const sandbox::ProcessExit& exit) const;
  int UsedMemoryMib() const;

  void Emit(telemetry::PlatformEvent event);
  void OnOutputLine(std::string_view line);
  void DrainOutput();

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
  std::string access_key_id_;
  RuntimeApi api_;
  int pid_ = 0;
  bool phase_active_ = false;
  PhaseEnd phase_end_;
  Event phase_ended_;
  LineSplitter stdout_lines_;
  LineSplitter stderr_lines_;
  std::unique_ptr<LogPipe> stdout_pipe_;
  std::unique_ptr<LogPipe> stderr_pipe_;
  std::optional<sandbox::ProcessExit> last_exit_;  // of whichever process ended last
  bool want_log_tail_ = false;
  Duration last_init_{};
  int64_t oom_kills_seen_ = 0;  // when the runtime was started
};

}  // namespace mayfly::runtime
