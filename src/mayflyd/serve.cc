#include "mayflyd/serve.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdio>

#include <fmt/format.h>

#include "base/log.h"
#include "base/task_scope.h"
#include "mayflyd/daemon.h"
#include "net/polled_descriptor.h"

namespace mayfly::daemon {
namespace {

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
  const pid_t router = ground->router.pid;
  int code = 1;
  {
    RealLoop loop;
    Daemon daemon(loop, options, std::move(*ground));
    code = loop.Run(ServeUntilSignal(loop, daemon, std::move(signals)));
  }
  options.lambda.jail = {};  // where nothing has taken it
  // The jail and the router end when our side of their sockets has gone; they clean up before they do.
  for (const pid_t part : {jail, router}) {
    int status = 0;
    while (part > 0 && ::waitpid(part, &status, 0) < 0 && errno == EINTR) {
    }
  }
  return code;
}

}  // namespace mayfly::daemon
