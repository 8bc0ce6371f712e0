#include "zygote/zygote.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/function_user.h"
#include "sandbox/packet.h"
#include "sandbox/zygote_protocol.h"
#include "zygote/cage_entry.h"
#include "zygote/heap.h"
#include "zygote/program_pages.h"
#include "zygote/thread_identity.h"

namespace mayfly::zygote {
namespace {

using sandbox::PacketDescriptors;
using sandbox::ZygoteCommand;
using sandbox::ZygoteCommandKind;
using sandbox::ZygoteReport;
using sandbox::ZygoteReportKind;

// Python's, found in the running program, so that the library needs no headers and fits every version.
struct ForkHooks {
  void (*before)() = nullptr;
  void (*after_in_parent)() = nullptr;
  void (*after_in_child)() = nullptr;
};

ForkHooks FindHooks() {
  ForkHooks hooks;
  hooks.before = reinterpret_cast<void (*)()>(dlsym(RTLD_DEFAULT, "PyOS_BeforeFork"));
  hooks.after_in_parent = reinterpret_cast<void (*)()>(dlsym(RTLD_DEFAULT, "PyOS_AfterFork_Parent"));
  hooks.after_in_child = reinterpret_cast<void (*)()>(dlsym(RTLD_DEFAULT, "PyOS_AfterFork_Child"));
  return hooks;
}

void Call(void (*hook)()) {
  if (hook != nullptr) hook();
}

// The seccomp program, mapped once; children find it in their copy of this memory.
bool ReadFilter(int fd, sock_fprog& filter) {
  struct stat status{};
  if (fstat(fd, &status) != 0 || status.st_size <= 0 || status.st_size % static_cast<off_t>(sizeof(sock_filter)) != 0) return false;
  const size_t count = static_cast<size_t>(status.st_size) / sizeof(sock_filter);
  void* mapped = mmap(nullptr, static_cast<size_t>(status.st_size), PROT_READ, MAP_PRIVATE, fd, 0);
  if (mapped == MAP_FAILED || count > UINT16_MAX) return false;
  filter = {static_cast<unsigned short>(count), static_cast<sock_filter*>(mapped)};
  return true;
}

class Zygote {
 public:
  explicit Zygote(int control) : control_(control), self_(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0))), hooks_(FindHooks()) {}

  // As mayfly_zygote_serve.
  int Serve() {
    ZygoteCommand command{};
    PacketDescriptors descriptors;
    if (!self_ || sandbox::ReceivePacket(control_, command, descriptors) != 0) return -1;
    if (command.kind != ZygoteCommandKind::Setup || descriptors.count != 1 || !ReadFilter(descriptors.fds[0].get(), filter_)) return -1;
    ShareProgramPages();
    FillHeapGaps();
    if (sandbox::SendPacket(control_, ZygoteReport{ZygoteReportKind::Ready}) != 0) return -1;
    while (sandbox::ReceivePacket(control_, command, descriptors) == 0) {
      const bool has_core = (command.flags & sandbox::kNoCgroup2) == 0;
      if (command.kind != ZygoteCommandKind::Fork || descriptors.count != (has_core ? 5 : 4)) return -1;
      int pid = 0;
      const int error = Fork(descriptors, pid);
      if (error == 0 && pid == 0) return EnterCage(descriptors);
      if (sandbox::SendPacket(control_, ZygoteReport{ZygoteReportKind::Forked, command.token, pid, error}) != 0) return -1;
      for (UniqueFd& fd : descriptors.fds) fd.Reset();
    }
    return -1;
  }

 private:
  // `pid` is 0 in the child. The child is in the cage's pid namespace and cgroup2 folder, and the jail's child.
  int Fork(const PacketDescriptors& descriptors, int& pid) {
    if (setns(descriptors.fds[0].get(), CLONE_NEWPID) != 0) return errno;
    ThreadIdentity identity;
    Call(hooks_.before);
    clone_args arguments{};
    arguments.flags = CLONE_PARENT | identity.clone_flags();
    arguments.child_tid = identity.address();
    if (descriptors.fds[4]) {
      arguments.flags |= CLONE_INTO_CGROUP;
      arguments.cgroup = static_cast<uint64_t>(descriptors.fds[4].get());
    }
    const long result = syscall(SYS_clone3, &arguments, sizeof arguments);
    const int error = result < 0 ? errno : 0;
    if (result == 0) {
      identity.RestoreInChild();
      return 0;
    }
    Call(hooks_.after_in_parent);
    // Not being able to come back would put the next child into a foreign cage.
    if (setns(self_.get(), CLONE_NEWPID) != 0) _exit(1);
    pid = static_cast<int>(result > 0 ? result : 0);
    return error;
  }

  // In the child: everything that must not come along is gone before the interpreter runs again.
  int EnterCage(PacketDescriptors& descriptors) {
    const int configuration = BecomeFunction(descriptors, filter_);
    for (UniqueFd& fd : descriptors.fds) fd.Release();  // closed already, or moved
    self_.Release();
    Call(hooks_.after_in_child);
    return configuration;
  }

  int control_;
  UniqueFd self_;
  ForkHooks hooks_;
  sock_fprog filter_{};
};

}  // namespace
}  // namespace mayfly::zygote

extern "C" __attribute__((visibility("default"))) int mayfly_zygote_serve(int control_fd) {
  return mayfly::zygote::Zygote(control_fd).Serve();
}
