#include "jail/machine_check.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mayfly::jail {
namespace {

const char* Hint(int error) {
  switch (error) {
    case EPERM:
      return "is this a chroot, where the kernel allows none? Give it a root of its own (systemd-nspawn, a container, unshare -m with pivot_root), "
             "and see that no seccomp profile refuses them";
    case ENOSPC: return "sysctl -w user.max_user_namespaces=100000";
    case EINVAL: return "the kernel was built without CONFIG_USER_NS";
    default: return "functions cannot be isolated without";
  }
}

}  // namespace

std::string CheckUserNamespaces() {
  const pid_t child = fork();
  if (child < 0) return std::string("start a process: ") + strerror(errno);
  if (child == 0) _exit(unshare(CLONE_NEWUSER) == 0 ? 0 : errno);
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return std::string("wait for a process: ") + strerror(errno);
  }
  const int error = WIFEXITED(status) ? WEXITSTATUS(status) : EPERM;
  return error == 0 ? "" : std::string("make a user namespace: ") + strerror(error) + ": " + Hint(error);
}

}  // namespace mayfly::jail
