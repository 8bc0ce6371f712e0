#include "mayflyd/serve.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include <fmt/format.h>

#include "base/log.h"
#include "base/task_scope.h"
#include "mayflyd/foundation.h"
#include "mayflyd/front.h"
#include "mayflyd/ground.h"
#include "net/polled_descriptor.h"

namespace mayfly::daemon {
namespace {

constexpr Duration kDrainWithoutJail = std::chrono::seconds(1);

// Everything that lives while the daemon serves, in the order of its making.
class Daemon {
 public:
  Daemon(RealLoop& loop, Options& options, Ground ground) : options_(options), ground_(std::move(ground)), end_(loop), foundation_(loop) {}

  // Serves when it succeeds.
  Task<Result<>> Start(Context& ctx) {
    const std::string& data_path = ground_.data.path;
    MF_CO_TRY_VOID(foundation_.Open(options_, data_path));
    MF_CO_TRY_VOID(front_.Open(ground_, options_.lambda));
    options_.lambda.on_jail_death = [this] {
      jail_died_ = true;
      end_.Set();
    };
    options_.lambda.event_backoff_min = options_.lanes.lanes.backoff_min;
    options_.lambda.event_backoff_max = std::max(options_.lanes.lanes.backoff_min, options_.lanes.lanes.backoff_max);
    lanes_ = foundation_.MakeLanes(options_);
    commons_ = foundation_.MakeCommons(data_path, front_.origin(), *lanes_);
    MF_CO_TRY_VOID(co_await services_.Open(ctx, options_.services, commons_, ports_));
    for (const auto& [arn_service, target] : ports_.All<delivery::Target>()) foundation_.targets.Register(arn_service, *target);
    for (wire::Endpoint* endpoint : services_.endpoints()) foundation_.directory.Register(*endpoint);
    MF_CO_TRY_VOID(front_.Serve(services_, ports_, *lanes_, [this](Context& ctx) { return Reset(ctx); }, std::move(ground_.listener)));
    lanes_->Open();  // what is owed has its targets
    services_.Start();
    co_return Result<>();
  }

  Task<> Stop() {
    // Without the jail nothing that runs can come to a good end.
    const Duration drain = jail_died_ ? kDrainWithoutJail : options_.drain;
    const TimePoint until = foundation_.calendar.Now() + drain;
    services_.Pause();
    lanes_->Pause();
    co_await front_.Stop(drain);
    co_await lanes_->Stop(until);
    co_await services_.Drain(until);
    front_.CutFunctionCalls();
    co_await services_.Stop();
    Context ctx(foundation_.loop);
    if (auto flushed = co_await foundation_.logs->Flush(ctx); !flushed) log::Warning("flush logs: {}", flushed.error().ToString());
  }

  // Set when the daemon is to end: a signal came, or the jail, without which nothing runs, has died.
  Event& end() { return end_; }
  bool jail_died() const { return jail_died_; }
  const std::string& origin() const { return front_.origin(); }

 private:
  Task<Result<>> Reset(Context& ctx) {
    MF_CO_TRY_VOID(co_await foundation_.store->Clear(ctx));
    MF_CO_TRY_VOID(co_await lanes_->Clear(ctx));
    foundation_.metrics.Clear();
    foundation_.traces.Clear();
    MF_CO_TRY_VOID(co_await services_.Reset(ctx));
    co_return co_await foundation_.logs->Clear(ctx);
  }

  Options& options_;
  Ground ground_;
  Event end_;
  bool jail_died_ = false;
  Foundation foundation_;
  services::Commons commons_{};
  services::Ports ports_;
  Front front_{foundation_, options_};
  services::ServiceList services_;
  std::unique_ptr<delivery::DurableLanes> lanes_;  // goes first: its workers are the services'
};

// SIGTERM and SIGINT as something to wait for.
Task<int> ServeUntilSignal(RealLoop& loop, Daemon& daemon, UniqueFd signals) {
  Context ctx(loop);
  auto started = co_await daemon.Start(ctx);
  if (!started) {
    log::Error("{}", started.error().ToString());
    co_return 1;
  }
  fmt::print("ready {}\n", daemon.origin());
  std::fflush(stdout);
  PolledDescriptor descriptor(loop, std::move(signals));
  TaskScope waiting(loop);
  waiting.Spawn([](PolledDescriptor& descriptor, Event& end) -> Task<> {
    if (co_await descriptor.WaitReadable()) end.Set();
  }(descriptor, daemon.end()));
  co_await daemon.end().Wait();
  if (!daemon.jail_died()) log::Info("asked to end: finishing what runs");
  descriptor.Cancel();
  co_await waiting.Join();
  co_await daemon.Stop();
  co_return daemon.jail_died() ? 1 : 0;
}

UniqueFd BlockSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return UniqueFd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

}  // namespace

int Serve(Options& options) {
  log::SetLevel(options.log_level);
  auto ground = PrepareGround(options);
  if (!ground) {
    log::Error("{}", ground.error().ToString());
    return 1;
  }
  UniqueFd signals = BlockSignals();
  const pid_t jail = ground->jail;
  int code = 1;
  {
    RealLoop loop;
    Daemon daemon(loop, options, std::move(*ground));
    code = loop.Run(ServeUntilSignal(loop, daemon, std::move(signals)));
  }
  options.lambda.jail = {};  // where nothing has taken it
  // The jail ends when our side of the socket has gone; it cleans up before it does.
  int status = 0;
  while (::waitpid(jail, &status, 0) < 0 && errno == EINTR) {
  }
  return code;
}

}  // namespace mayfly::daemon
