#include "mayflyd/bounded_child.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/fd.h"

namespace mayfly::daemon {
namespace {

constexpr int kKilledMilliseconds = 100;  // most go at once

}  // namespace

int AwaitChild(pid_t child, Duration patience) {
  const UniqueFd handle(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  pollfd ended{.fd = handle.get(), .events = POLLIN, .revents = 0};
  const SystemClock clock;
  const TimePoint until = clock.Now() + patience;
  int ready = 0;
  do {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - clock.Now());
    ready = ::poll(&ended, 1, static_cast<int>(std::max<int64_t>(left.count(), 0)));
  } while (ready < 0 && errno == EINTR);
  if (ready <= 0) {
    ::kill(child, SIGKILL);
    ::poll(&ended, 1, kKilledMilliseconds);
  }
  int status = 0;
  const bool reaped = ::waitpid(child, &status, WNOHANG) == child;
  return ready > 0 && reaped ? status : -1;
}

}  // namespace mayfly::daemon
