#include "sandbox/function_user.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/jail_protocol.h"

namespace mayfly::sandbox {
namespace {

struct Limit {
  int resource;
  rlim_t value;
};

// NPROC counts the cage's own uid: a second line to the pids cgroup, and the first until an asynchronous attach has ended.
constexpr Limit kLimits[] = {
    {RLIMIT_NOFILE, 1024}, {RLIMIT_NPROC, 1024}, {RLIMIT_CORE, 0},       {RLIMIT_MEMLOCK, 64 << 10},
    {RLIMIT_RTPRIO, 0},    {RLIMIT_NICE, 0},     {RLIMIT_SIGPENDING, 1024},
};

int SetLimits() {
  for (const Limit& limit : kLimits) {
    rlimit now{};
    if (getrlimit(static_cast<__rlimit_resource_t>(limit.resource), &now) != 0) return errno;
    const rlim_t value = now.rlim_max < limit.value ? now.rlim_max : limit.value;
    const rlimit wanted{value, value};
    if (setrlimit(static_cast<__rlimit_resource_t>(limit.resource), &wanted) != 0) return errno;
  }
  return 0;
}

int BecomeUser() {
  if (syscall(SYS_setgroups, 0, nullptr) != 0) return errno;
  if (syscall(SYS_setresgid, kFunctionUserId, kFunctionUserId, kFunctionUserId) != 0) return errno;
  if (syscall(SYS_setresuid, kFunctionUserId, kFunctionUserId, kFunctionUserId) != 0) return errno;
  return 0;
}

int DropCapabilities() {
  for (int capability = 0; capability < 64; ++capability) {
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) continue;
    if (errno == EINVAL) break;  // past the last one that the kernel knows
    return errno;
  }
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) return errno;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[2] = {};
  return syscall(SYS_capset, &header, none) == 0 ? 0 : errno;
}

}  // namespace

DropFailure BecomeFunctionUser(const sock_fprog& filter) {
  umask(022);
  setsid();  // fails harmlessly for a process that leads a group already
  if (const int error = SetLimits()) return {error, "resource limits"};
  if (const int error = BecomeUser()) return {error, "user and groups"};
  if (const int error = DropCapabilities()) return {error, "capabilities"};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return {errno, "no_new_privs"};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0) return {errno, "seccomp"};
  return {};
}

}  // namespace mayfly::sandbox
