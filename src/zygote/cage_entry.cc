#include "zygote/cage_entry.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/function_user.h"

namespace mayfly::zygote {
namespace {

constexpr int kConfigurationDescriptor = 3;
constexpr int kNamespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP;

[[noreturn]] void Fail(int stderr_fd, const char* step, int error) {
  char text[160];
  const int length = snprintf(text, sizeof text, "mayfly: a process cannot enter its cage: %s: %s\n", step, strerror(error));
  if (length > 0 && write(stderr_fd, text, static_cast<size_t>(length)) < 0) _exit(125);
  _exit(126);
}

// As many processors as its pid 1 may run on; most may run on all.
void FollowProcessors() {
  cpu_set_t own, theirs;
  if (sched_getaffinity(1, sizeof theirs, &theirs) != 0 || sched_getaffinity(0, sizeof own, &own) != 0 || CPU_EQUAL(&own, &theirs)) return;
  sched_setaffinity(0, sizeof theirs, &theirs);
}

// The function goes first when memory runs out, never pid 1. Only a dumpable process may write its own file there.
void OfferToOutOfMemoryKiller() {
  const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  if (write(fd, "1000", 4) < 0) {
    // Kept at the zygote's score: pid 1 is far smaller than any function.
  }
  close(fd);
}

}  // namespace

int BecomeFunction(const sandbox::PacketDescriptors& descriptors, const sock_fprog& filter) {
  const int their_stderr = descriptors.fds[3].get();
  prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);  // dies with the cage's pid 1, which dies with the jail
  if (setns(descriptors.fds[0].get(), kNamespaces) != 0) Fail(their_stderr, "namespaces", errno);
  const int null = open("/dev/null", O_RDWR);
  if (null < 0 || dup2(null, 0) < 0) Fail(their_stderr, "stdin", errno);
  // The zygote's own 0, 1 and 2 are open, so none of the sources is among the targets.
  if (dup2(descriptors.fds[2].get(), 1) < 0 || dup2(their_stderr, 2) < 0) Fail(their_stderr, "stdout and stderr", errno);
  const int configuration = fcntl(descriptors.fds[1].get(), F_DUPFD, kConfigurationDescriptor + 1);
  if (configuration < 0 || dup2(configuration, kConfigurationDescriptor) < 0) Fail(2, "configuration", errno);
  if (syscall(SYS_close_range, kConfigurationDescriptor + 1, ~0u, 0) != 0) Fail(2, "descriptors", errno);
  FollowProcessors();
  const sandbox::DropFailure failure = sandbox::BecomeFunctionUser(filter);
  if (failure.error != 0) Fail(2, failure.step, failure.error);
  prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);  // as after execve: its own /proc/self belongs to it
  OfferToOutOfMemoryKiller();
  return kConfigurationDescriptor;
}

}  // namespace mayfly::zygote
