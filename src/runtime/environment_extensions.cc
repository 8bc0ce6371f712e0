// Extensions of an environment: how they are started, told of the end, and subscribe to telemetry.
#include <utility>

#include <fmt/format.h>

#include "runtime/api_messages.h"
#include "runtime/environment.h"
#include "runtime/process_texts.h"

namespace mayfly::runtime {

using telemetry::PlatformEvent;
using Type = PlatformEvent::Type;

namespace {

constexpr std::string_view kExtensionsFolder = "/opt/extensions/";
constexpr size_t kSubscriptionBytesMax = 64 * 1024;
constexpr double kRuntimeShareOfShutdown = 0.3;

}  // namespace

ExecutionEnvironment::PhaseEnd ExecutionEnvironment::LaunchFailure(Extension& extension, std::string_view error_type, std::string reason) {
  extension.state = ExtensionState::LaunchError;
  extension.error_type = error_type;
  phase_active_ = false;
  return {.kind = PhaseEnd::Kind::ExtensionFailed, .error_type = "Extension.LaunchError", .reason = std::move(reason)};
}

Task<ExecutionEnvironment::PhaseEnd> ExecutionEnvironment::StartExtension(Context& ctx, Extension& extension) {
  MF_ASSERT(assigned_ && starting_ && extension.external && extension.process == 0);
  sandbox::ProcessSpec process;
  process.arguments = {std::string(kExtensionsFolder) + extension.name};
  process.environment = spec_->extension_environment;
  AddCredentials(process.environment);
  process.working_directory = "/";
  auto started = co_await cage_->Start(ctx, {}, process);
  if (!started) {
    const std::string& code = started.error().code;
    co_return LaunchFailure(extension, code == "EACCES" ? "PermissionDenied" : "UnknownError",
                            DescribeFailedStart(process.arguments[0], code));
  }
  extension.process = started->pid;
  MF_ASSERT(extension.process > 0);
  auto output = std::make_unique<ProcessOutput>([this](std::string_view line) { OnExtensionLine(line); });
  ProcessOutput* raw = output.get();
  output->stdout_pipe = ports_->OpenPipe(std::move(started->stdout_fd), [raw](std::string_view bytes) { raw->stdout_lines.Add(bytes); });
  output->stderr_pipe = ports_->OpenPipe(std::move(started->stderr_fd), [raw](std::string_view bytes) { raw->stderr_lines.Add(bytes); });
  extension_outputs_.push_back(std::move(output));
  for (const sandbox::ProcessExit& exit : std::vector(unclaimed_)) {
    if (exit.pid == extension.process) OnExtensionExit(extension, exit);
  }
  co_return PhaseEnd{.kind = PhaseEnd::Kind::Ready};
}

// Ready: all of them have registered.
Task<ExecutionEnvironment::PhaseEnd> ExecutionEnvironment::StartExtensions(Context& ctx, TimePoint until) {
  for (const std::string& name : spec_->extensions) {
    if (extensions_.Expect(name)) continue;
    co_return LaunchFailure(extensions_.extensions().back(), "TooManyExtensions", "ErrTooManyExtensions");
  }
  // Nothing is added to or taken from the external ones from here on, and a deque leaves them where they are.
  for (size_t i = 0; i < spec_->extensions.size() && phase_active_; ++i) {
    PhaseEnd started = co_await StartExtension(ctx, extensions_.extensions()[i]);
    if (started.kind != PhaseEnd::Kind::Ready) co_return started;
  }
  co_return co_await Await(Goal::ExtensionsRegistered, until);
}

void ExecutionEnvironment::OnExtensionExit(Extension& extension, const sandbox::ProcessExit& exit) {
  MF_ASSERT(extension.external && extension.process == exit.pid);
  extension.exited = true;
  if (shutting_down_) {
    extension.state = exit.exit_code == 0 && exit.signal == 0 ? ExtensionState::Exited : ExtensionState::ShutdownFailed;
    return;
  }
  if (extension_end_) return;
  extension_end_ = PhaseEnd{.kind = PhaseEnd::Kind::ExtensionFailed,
                            .error_type = extension.fatal_type.empty() ? "Extension.Crash" : extension.fatal_type,
                            .reason = exit.exit_code == 0 && exit.signal == 0 ? "exit code 0" : DescribeEnd(exit)};
  EndPhase(*extension_end_);
}

void ExecutionEnvironment::TellExtensions() {
  for (const Extension& extension : extensions_.extensions()) {
    std::string_view words[2];
    size_t count = 0;
    if (extension.wants_invoke) words[count++] = "INVOKE";
    if (extension.wants_shutdown) words[count++] = "SHUTDOWN";
    Emit({.type = Type::Extension, .error_type = extension.error_type, .name = extension.name, .state = ExtensionStateName(extension.state),
          .words = std::span(words, count)});
  }
}

Task<http::Response> ExecutionEnvironment::HandleSubscription(Context& ctx, http::Request& request, TelemetryApi api) {
  if (request.method != "PUT") co_return http::Response::Text(405, "");
  const BodyEnd body = co_await ReadBody(ctx, request, kSubscriptionBytesMax);
  http::Response response;
  const Extension* extension = extensions_.Identify(request, response);
  if (!extension) co_return response;
  if (body != BodyEnd::Whole) co_return ErrorResponse(413, "RequestEntityTooLarge", "the subscription is too large or cut off");
  response = telemetry_.Subscribe(extension->name, api, request.body, init_start_);
  if (response.status != 200) co_return response;
  const std::string name = extension->name;
  const std::vector<std::string_view> types = telemetry_.TypesOf(name);
  Emit({.type = api == TelemetryApi::Telemetry ? Type::TelemetrySubscription : Type::LogsSubscription, .name = name, .state = "Subscribed", .words = types});
  co_return response;
}

// --- the end of processes ---------------------------------------------------------------------------------------------

bool ExecutionEnvironment::HaveExtensionsExited() const {
  for (const Extension& extension : extensions_.extensions()) {
    if (extension.process != 0 && !extension.exited && extension.wants_shutdown) return false;
  }
  return true;
}

// SIGTERM to the runtime, SHUTDOWN to the extensions that asked for it, SIGKILL to the others; what is left then is killed by
// the caller. Nothing to do without extensions: they alone have a Shutdown phase.
Task<> ExecutionEnvironment::RunShutdown(std::string_view reason) {
  MF_ASSERT(!shutting_down_);
  if (state_ == State::Dead || extensions_.empty()) co_return;
  const Duration budget = extensions_.has_external() ? kShutdownWithExternalExtensions : kShutdownWithInternalExtensions;
  const TimePoint until = loop_->Now() + budget;
  const TimePoint runtime_until = loop_->Now() + std::chrono::duration_cast<Duration>(budget * kRuntimeShareOfShutdown);
  const WallTime deadline = loop_->WallNow() + budget;
  shutting_down_ = true;
  extensions_.CloseRegistration();
  cage_->Thaw();
  TakeOutput();
  telemetry_.Close();
  telemetry_.SendNow();
  if (pid_ != 0 && !RuntimeHasExited()) cage_->Terminate(pid_);
  while (pid_ != 0 && !RuntimeHasExited() && co_await exited_.WaitUntil(runtime_until)) {
  }
  if (pid_ != 0 && !RuntimeHasExited()) cage_->Kill(pid_);
  co_await telemetry_.Drain(runtime_until);  // the last records come before the event: an extension may end at once then
  extensions_.HandOutShutdown(fmt::format(R"({{"eventType":"SHUTDOWN","deadlineMs":{},"shutdownReason":"{}"}})", ToEpochMillis(deadline), reason));
  for (const Extension& extension : extensions_.extensions()) {
    if (extension.process != 0 && !extension.exited && !extension.wants_shutdown) cage_->Kill(extension.process);
  }
  while (state_ != State::Dead && !HaveExtensionsExited() && co_await exited_.WaitUntil(until)) {
  }
  shutting_down_ = false;
}

Task<> ExecutionEnvironment::ShutDown() {
  strand_.Check();
  Context own(*loop_);
  co_await RunShutdown("spindown");
  co_await Reset(own);
  state_ = State::Dead;
}

Task<> ExecutionEnvironment::EndProcesses(Context& ctx, const PhaseEnd& end) {
  co_await RunShutdown(end.kind == PhaseEnd::Kind::Timeout ? "timeout" : "failure");
  co_await Reset(ctx);
}

Task<> ExecutionEnvironment::Reset(Context& ctx) {
  api_.Restart();
  phase_active_ = false;
  if (state_ != State::Dead) {
    state_ = State::NeedsInit;
    cage_->SetCpuQuota(0);  // pid 1 does the killing, under the same quota as a bomb that may be using it up
    auto killed = co_await cage_->KillAll(ctx);
    if (!killed || WasKilledForMemory()) state_ = State::Dead;
  }
  TakeOutput();
  if (log_frames_) log_frames_->Flush();
  CloseOutputs();
  extensions_.Restart();
  telemetry_.Clear();
  pid_ = 0;
}

void ExecutionEnvironment::CloseOutputs() {
  stdout_pipe_.reset();
  stderr_pipe_.reset();
  log_pipe_.reset();
  extension_outputs_.clear();
}

// All that has been written so far, also what is no whole line: it belongs to what ends now.
void ExecutionEnvironment::TakeOutput() {
  if (stdout_pipe_) stdout_pipe_->DrainNow();
  if (stderr_pipe_) stderr_pipe_->DrainNow();
  // Most bootstraps never write a frame: an invocation pays for a look only where they do.
  if (log_pipe_ && std::exchange(drains_log_pipe_, false)) log_pipe_->DrainNow();
  stdout_lines_.Flush();
  stderr_lines_.Flush();
  for (const auto& output : extension_outputs_) {
    output->Drain();
    output->Flush();
  }
}

}  // namespace mayfly::runtime
