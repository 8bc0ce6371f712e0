#include "jail/capabilities.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace mayfly::jail {
namespace {

constexpr uint64_t Bit(int capability) { return 1ull << capability; }

// setns, mounts and clone into namespaces: SYS_ADMIN, SYS_CHROOT, SYS_PTRACE (pidfds of cages). Id maps and the change
// of user: SETUID, SETGID, SETPCAP.
constexpr uint64_t kEnterCages =
    Bit(CAP_SYS_ADMIN) | Bit(CAP_SYS_CHROOT) | Bit(CAP_SYS_PTRACE) | Bit(CAP_SETUID) | Bit(CAP_SETGID) | Bit(CAP_SETPCAP);
// Besides: killing cages, the network's loopback and port 80 inside, packages of the daemon's user, cgroups, tmpfs owners, which processors a
// cage runs on, and that a function stays first in line when memory runs out.
constexpr uint64_t kMakeCages = kEnterCages | Bit(CAP_KILL) | Bit(CAP_NET_ADMIN) | Bit(CAP_NET_BIND_SERVICE) |
                                Bit(CAP_DAC_OVERRIDE) | Bit(CAP_DAC_READ_SEARCH) | Bit(CAP_CHOWN) | Bit(CAP_FOWNER) | Bit(CAP_SYS_NICE) | Bit(CAP_SYS_RESOURCE);

int Keep(uint64_t kept) {
  for (int capability = 0; capability < 64; ++capability) {
    if (kept & Bit(capability)) continue;
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) continue;
    if (errno == EINVAL) break;  // past the last one that the kernel knows
    return errno;
  }
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[2] = {};
  if (syscall(SYS_capget, &header, sets) != 0) return errno;
  for (int half = 0; half < 2; ++half) {
    const auto mask = static_cast<uint32_t>(kept >> (32 * half));
    sets[half].permitted &= mask;
    sets[half].effective = sets[half].permitted;
    sets[half].inheritable = 0;
  }
  if (syscall(SYS_capset, &header, sets) != 0) return errno;
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : errno;
}

}  // namespace

int RaiseCapabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[2] = {};
  if (syscall(SYS_capget, &header, sets) != 0) return errno;
  for (__user_cap_data_struct& half : sets) half.effective = half.permitted;
  return syscall(SYS_capset, &header, sets) == 0 ? 0 : errno;
}

int KeepJailCapabilities() { return Keep(kMakeCages); }
int KeepZygoteCapabilities() { return Keep(kEnterCages); }

}  // namespace mayfly::jail
