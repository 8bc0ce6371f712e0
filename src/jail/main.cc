// mayfly-jail: the privileged part of Mayfly. Started by mayflyd (as root, descriptor 3 = a SOCK_SEQPACKET socket to it)
// before mayflyd gives up its own privileges.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jail/capabilities.h"
#include "jail/cgroups.h"
#include "jail/house.h"
#include "jail/jail.h"
#include "jail/kernel_files.h"
#include "jail/machine_check.h"
#include "jail/seccomp_filter.h"

namespace {

using namespace mayfly::jail;

int Fail(const std::string& what) {
  fprintf(stderr, "mayfly-jail: %s\n", what.c_str());
  return 1;
}

// A few descriptors per cage.
void RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Three quarters of what the kernel can number: however many functions fork without end, the machine can still start processes.
uint64_t ProcessesOfAllCages() {
  uint64_t least = UINT64_MAX;
  for (const char* setting : {"/proc/sys/kernel/pid_max", "/proc/sys/kernel/threads-max"}) {
    const uint64_t most = strtoull(ReadAt(AT_FDCWD, setting).c_str(), nullptr, 10);
    if (most != 0 && most < least) least = most;
  }
  return least == UINT64_MAX ? 0 : least / 4 * 3;
}

bool HasDaemon() {
  struct stat status{};
  return fstat(mayfly::sandbox::kJailControlDescriptor, &status) == 0 && S_ISSOCK(status.st_mode);
}

}  // namespace

int main(int argument_count, char** arguments) {
  Options options;
  if (std::string wrong = ParseOptions(argument_count, arguments, options); !wrong.empty()) return Fail(wrong);
  if (!HasDaemon()) return Fail("is started by mayflyd, not by hand: descriptor 3 is no socket");
  if (geteuid() != 0) return Fail("needs root: start mayflyd as root; it drops its own privileges");
  clearenv();
  umask(022);
  RaiseDescriptorLimit();
  std::string error;
  const std::unique_ptr<CgroupTree> cgroups = CgroupTree::Open(options.instance, {options.memory_max, ProcessesOfAllCages()}, error);
  if (!cgroups) return Fail(error);
  House house;
  error = MoveIntoHouse(options, house);
  if (error.empty()) error = CheckUserNamespaces();
  if (error.empty() && KeepJailCapabilities() != 0) error = std::string("drop capabilities: ") + strerror(errno);
  if (!error.empty()) {
    cgroups->RemoveTree();
    return Fail(error);
  }
  Jail jail(options, house, *cgroups, BuildSeccompFilter());
  if (error = jail.Start(); !error.empty()) {
    cgroups->RemoveTree();
    return Fail(error);
  }
  jail.Run();
  return 0;
}
