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
// CORE: at 0 a machine whose core_pattern names a program would still run it for each crash; at 1 the kernel runs none.
constexpr Limit kLimits[] = {
    {RLIMIT_NOFILE, 1024}, {RLIMIT_NPROC, 1024}, {RLIMIT_CORE, 1},       {RLIMIT_MEMLOCK, 64 << 10},
    {RLIMIT_RTPRIO, 0},    {RLIMIT_NICE, 0},     {RLIMIT_SIGPENDING, 1024}, {RLIMIT_MSGQUEUE, 819200},
};
constexpr rlim_t kStackBytes = 8 << 20;

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

// As on AWS, however the daemon was started: threads' stacks are as large. More may be asked for.
int SetStack() {
  rlimit stack{};
  if (getrlimit(RLIMIT_STACK, &stack) != 0) return errno;
  stack.rlim_cur = stack.rlim_max < kStackBytes ? stack.rlim_max : kStackBytes;
  return setrlimit(RLIMIT_STACK, &stack) == 0 ? 0 : errno;
}

int DropBounds() {
  for (int capability = 0; capability < 64; ++capability) {
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) continue;
    if (errno == EINVAL) break;  // past the last one that the kernel knows
    return errno;
  }
  return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0 ? 0 : errno;
}

int BecomeRootOfCage() {
  if (syscall(SYS_setgroups, 0, nullptr) != 0) return errno;
  if (syscall(SYS_setresgid, kFunctionUserId, kFunctionUserId, kFunctionUserId) != 0) return errno;
  return syscall(SYS_setresuid, 0, 0, 0) == 0 ? 0 : errno;
}

// The kernel takes all capabilities away in the same call, because it leaves the user namespace's root.
int BecomeUser() {
  if (syscall(SYS_setresuid, kFunctionUserId, kFunctionUserId, kFunctionUserId) != 0) return errno;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[2] = {};
  return syscall(SYS_capset, &header, none) == 0 ? 0 : errno;
}

}  // namespace

// From the change of user on, other processes of the function may stop this one where it stands: everything else is done
// before, and in that call the last power goes.
DropFailure BecomeFunctionUser(const sock_fprog& filter) {
  umask(022);
  setsid();  // fails harmlessly for a process that leads a group already
  if (const int error = SetLimits()) return {error, "resource limits"};
  if (const int error = SetStack()) return {error, "stack limit"};
  if (const int error = DropBounds()) return {error, "capabilities"};
  if (const int error = BecomeRootOfCage()) return {error, "groups"};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return {errno, "no_new_privs"};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0) return {errno, "seccomp"};
  if (const int error = BecomeUser()) return {error, "user"};
  return {};
}

}  // namespace mayfly::sandbox
