// The jail's parts that need no privilege.
#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "jail/cgroup_mounts.h"
#include "jail/jail_options.h"
#include "jail/request_check.h"
#include "jail/seccomp_calls.h"
#include "jail/seccomp_filter.h"

namespace mayfly::jail {
namespace {

// Runs a filter as the kernel does; a program that leaves its bounds or takes too long fails the test.
uint32_t RunFilter(const std::vector<sock_filter>& program, const seccomp_data& data) {
  uint32_t accumulator = 0;
  for (size_t at = 0, steps = 0; at < program.size() && steps < 4096; ++at, ++steps) {
    const sock_filter& instruction = program[at];
    switch (instruction.code) {
      case BPF_LD | BPF_W | BPF_ABS: memcpy(&accumulator, reinterpret_cast<const char*>(&data) + instruction.k, 4); break;
      case BPF_ALU | BPF_AND | BPF_K: accumulator &= instruction.k; break;
      case BPF_JMP | BPF_JA: at += instruction.k; break;
      case BPF_JMP | BPF_JEQ | BPF_K: at += accumulator == instruction.k ? instruction.jt : instruction.jf; break;
      case BPF_JMP | BPF_JGE | BPF_K: at += accumulator >= instruction.k ? instruction.jt : instruction.jf; break;
      case BPF_JMP | BPF_JSET | BPF_K: at += accumulator & instruction.k ? instruction.jt : instruction.jf; break;
      case BPF_RET | BPF_K: return instruction.k;
      default: ADD_FAILURE() << "unknown instruction"; return 0;
    }
  }
  ADD_FAILURE() << "left the program";
  return 0;
}

class SeccompFilterTest : public testing::Test {
 protected:
  uint32_t Call(int number, uint64_t a = 0, uint64_t b = 0, uint64_t c = 0, uint64_t d = 0) {
    seccomp_data data{};
    data.nr = number;
#ifdef __x86_64__
    data.arch = AUDIT_ARCH_X86_64;
#else
    data.arch = AUDIT_ARCH_AARCH64;
#endif
    data.args[0] = a;
    data.args[1] = b;
    data.args[2] = c;
    data.args[3] = d;
    return RunFilter(filter_, data);
  }
  std::vector<sock_filter> filter_ = BuildSeccompFilter();
};

constexpr uint32_t kPermission = SECCOMP_RET_ERRNO | EPERM;
constexpr uint32_t kNoCall = SECCOMP_RET_ERRNO | ENOSYS;

TEST_F(SeccompFilterTest, TablesMeanWhatTheySay) {  // else one wrong jump opens or breaks calls
  EXPECT_LE(filter_.size(), 1000u);
  for (const int call : kAllowedCalls) EXPECT_EQ(Call(call), SECCOMP_RET_ALLOW) << call;
  for (const int call : kForbiddenCalls) EXPECT_EQ(Call(call), kPermission) << call;
  EXPECT_EQ(Call(SYS_clone3), kNoCall);
  for (const int call : {999, 0x40000000, 0x40000000 | SYS_read, -1}) EXPECT_EQ(Call(call), kNoCall) << call;
}

TEST_F(SeccompFilterTest, ForeignArchitecturesAreRefused) {  // else 32-bit numbers mean other calls
  seccomp_data data{};
  data.nr = SYS_read;
  data.arch = AUDIT_ARCH_I386;
  EXPECT_EQ(RunFilter(filter_, data), kNoCall);
}

TEST_F(SeccompFilterTest, ArgumentsAreChecked) {  // else namespaces, raw sockets and terminals are open
  EXPECT_EQ(Call(SYS_clone, SIGCHLD), SECCOMP_RET_ALLOW);
  EXPECT_EQ(Call(SYS_clone, CLONE_VM | CLONE_FS | CLONE_THREAD | CLONE_SIGHAND), SECCOMP_RET_ALLOW);
  for (const uint64_t flag : {CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET}) {
    EXPECT_EQ(Call(SYS_clone, flag | SIGCHLD), kPermission) << flag;
  }
  EXPECT_EQ(Call(SYS_socket, AF_UNIX, SOCK_STREAM), SECCOMP_RET_ALLOW);
  EXPECT_EQ(Call(SYS_socket, AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 6), SECCOMP_RET_ALLOW);
  EXPECT_EQ(Call(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 17), SECCOMP_RET_ALLOW);
  EXPECT_EQ(Call(SYS_socket, AF_INET, SOCK_RAW, 0), kPermission);
  EXPECT_EQ(Call(SYS_socket, AF_INET, SOCK_STREAM, 132), kPermission);
  EXPECT_EQ(Call(SYS_socket, AF_NETLINK, SOCK_RAW, 0), SECCOMP_RET_ALLOW);
  EXPECT_EQ(Call(SYS_socket, AF_NETLINK, SOCK_RAW, 12), kPermission);
  EXPECT_EQ(Call(SYS_socket, AF_PACKET, SOCK_RAW, 0), SECCOMP_RET_ERRNO | EAFNOSUPPORT);
  EXPECT_EQ(Call(SYS_socket, AF_INET | 0x100000000ull, SOCK_RAW, 0), kPermission) << "the kernel ignores the upper half";
  EXPECT_EQ(Call(SYS_socketpair, AF_UNIX), SECCOMP_RET_ALLOW);
  EXPECT_EQ(Call(SYS_socketpair, AF_INET), SECCOMP_RET_ERRNO | EAFNOSUPPORT);
  EXPECT_EQ(Call(SYS_ioctl, 0, TIOCGWINSZ), SECCOMP_RET_ALLOW);
  EXPECT_EQ(Call(SYS_ioctl, 0, TIOCSTI), kPermission);
  EXPECT_EQ(Call(SYS_ioctl, 0, TIOCSTI | 0x100000000ull), kPermission);
  EXPECT_EQ(Call(SYS_personality, 0xffffffff), SECCOMP_RET_ALLOW);
  EXPECT_EQ(Call(SYS_personality, 8), kPermission);
  EXPECT_EQ(Call(SYS_mknodat, 0, 0, S_IFIFO | 0600), SECCOMP_RET_ALLOW);
  EXPECT_EQ(Call(SYS_mknodat, 0, 0, S_IFBLK | 0600), kPermission);
}

TEST_F(SeccompFilterTest, WhatIsCountedForTheMachineIsRefused) {  // else one function takes it from all
  for (const int call : {SYS_io_setup, SYS_seccomp, SYS_syncfs}) EXPECT_EQ(Call(call), kNoCall) << call;
  EXPECT_EQ(Call(SYS_sync), SECCOMP_RET_ERRNO) << "done without being done";
  EXPECT_EQ(Call(SYS_prctl, PR_SET_NAME), SECCOMP_RET_ALLOW);
  EXPECT_EQ(Call(SYS_prctl, PR_SET_SECCOMP, 2), SECCOMP_RET_ERRNO | EINVAL);
  EXPECT_EQ(Call(SYS_mmap, 0, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS), SECCOMP_RET_ALLOW);
  EXPECT_EQ(Call(SYS_mmap, 0, 2 << 20, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB), SECCOMP_RET_ERRNO | ENOMEM);
  EXPECT_EQ(Call(SYS_memfd_create, 0, MFD_CLOEXEC), SECCOMP_RET_ALLOW);
  EXPECT_EQ(Call(SYS_memfd_create, 0, MFD_CLOEXEC | MFD_HUGETLB), kNoCall);
  EXPECT_EQ(Call(SYS_shmget, 1, 4096, 0600), SECCOMP_RET_ALLOW);
  EXPECT_EQ(Call(SYS_shmget, 1, 2 << 20, 0600 | SHM_HUGETLB), kPermission);
  EXPECT_EQ(Call(SYS_setsockopt, 3, SOL_SOCKET, SO_RCVBUF), SECCOMP_RET_ALLOW);
  EXPECT_EQ(Call(SYS_setsockopt, 3, 6, SO_ATTACH_FILTER), SECCOMP_RET_ALLOW) << "another level";
  for (const int option : {SO_ATTACH_FILTER, SO_ATTACH_BPF, SO_ATTACH_REUSEPORT_CBPF, SO_ATTACH_REUSEPORT_EBPF}) {
    EXPECT_EQ(Call(SYS_setsockopt, 3, SOL_SOCKET, static_cast<uint64_t>(option)), kPermission) << option;
  }
}

TEST_F(SeccompFilterTest, OwnersOfLocksCanBeSeen) {  // else locks that no limit counts have no owner to be held to one
  for (const int command : {F_GETFL, F_SETLK, F_SETLKW, F_GETLK, F_SETLEASE}) EXPECT_EQ(Call(SYS_fcntl, 3, static_cast<uint64_t>(command)), SECCOMP_RET_ALLOW);
  for (const int command : {F_OFD_SETLK, F_OFD_SETLKW, F_OFD_GETLK}) {
    EXPECT_EQ(Call(SYS_fcntl, 3, static_cast<uint64_t>(command)), SECCOMP_RET_ERRNO | EINVAL) << "as a kernel without them";
    EXPECT_EQ(Call(SYS_fcntl, 3, static_cast<uint64_t>(command) | 0x100000000ull), SECCOMP_RET_ERRNO | EINVAL);
  }
  EXPECT_EQ(Call(SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD), SECCOMP_RET_ALLOW);
  EXPECT_EQ(Call(SYS_clone, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_THREAD | CLONE_SIGHAND), SECCOMP_RET_ALLOW);
  EXPECT_EQ(Call(SYS_clone, CLONE_VM | CLONE_FS | CLONE_FILES | SIGCHLD), kPermission);
}

TEST(CgroupMountsTest, FindsOurFolders) {  // else limits are set on somebody else's cgroup
  const CgroupMounts hybrid = FindCgroups("4:memory:/a/b\n3:cpu,cpuacct:/\n1:name=systemd:/x\n0::/\n",
                                          "30 24 0:26 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
                                          "31 24 0:27 / /sys/fs/cgroup/cpu,cpuacct rw shared:3 - cgroup cgroup rw,cpu,cpuacct\n"
                                          "32 24 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate\nnonsense\n");
  EXPECT_EQ(hybrid.v1.at("memory"), "/sys/fs/cgroup/memory/a/b");
  EXPECT_EQ(hybrid.v1.at("cpu"), "/sys/fs/cgroup/cpu,cpuacct");
  EXPECT_EQ(hybrid.v1.at("cpuacct"), "/sys/fs/cgroup/cpu,cpuacct");
  EXPECT_EQ(hybrid.unified, "/sys/fs/cgroup/unified");
  const CgroupMounts container = FindCgroups("4:memory:/docker/1/in\n0::/../other\n",
                                             "30 24 0:26 /docker/1 /cg/memory rw - cgroup cgroup rw,memory\n"
                                             "32 24 0:28 / /cg/unified rw - cgroup2 cgroup2 rw\n");
  EXPECT_EQ(container.v1.at("memory"), "/cg/memory/in");
  EXPECT_EQ(container.unified, "/cg/unified");
  EXPECT_TRUE(FindCgroups("", "").unified.empty());
}

TEST(OptionsTest, RefusesWhatItDoesNotKnow) {  // else a typing error makes an unsafe jail
  auto parse = [](std::vector<std::string> arguments, Options& options) {
    std::vector<char*> pointers{const_cast<char*>("mayfly-jail")};
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    return ParseOptions(static_cast<int>(pointers.size()), pointers.data(), options);
  };
  const std::vector<std::string> good{"--instance", "a-1", "--runtime-dir", "/r", "--code-dir", "/c", "--init", "/i"};
  Options options;
  EXPECT_EQ(parse(good, options), "");
  for (const std::vector<std::string>& more : std::vector<std::vector<std::string>>{
           {"--other", "x"}, {"--instance", "../x"}, {"--root-dir", "0=/x"}, {"--root-dir", "1=x"}, {"--zygote", "1=0"}, {"--zygote", "1=9:/x"},
           {"--cages-max", "0"}, {"--cages-max", "1x"}, {"--init"}, {"--code-dir", "relative"}}) {
    std::vector<std::string> arguments = good;
    arguments.insert(arguments.end(), more.begin(), more.end());
    Options bad;
    EXPECT_NE(parse(arguments, bad), "") << more[0] << " " << more.back();
  }
  std::vector<std::string> zygote = good;
  zygote.insert(zygote.end(), {"--root-dir", "2=/py", "--zygote", "1=2:/var/lang/bin/python3"});
  EXPECT_EQ(parse(zygote, options), "");
  EXPECT_EQ(options.zygotes[1].root_index, 2);
}

TEST(RequestCheckTest, DescriptorsMustBeExact) {  // else a descriptor slips into the jail
  sandbox::JailRequest request{};
  request.version = sandbox::kJailProtocolVersion;
  request.operation = sandbox::JailOperation::Fork;
  request.sequence = request.cage = request.process = request.zygote_index = 1;
  EXPECT_TRUE(IsWellFormed(request, 3));
  EXPECT_FALSE(IsWellFormed(request, 2));
  EXPECT_FALSE(IsWellFormed(request, 4));
  request.flags = sandbox::kWithLogPipe;
  EXPECT_FALSE(IsWellFormed(request, 4)) << "only what is executed has one";
  request.flags = 0;
  request.zygote_index = 0;
  EXPECT_FALSE(IsWellFormed(request, 3));
  request.operation = sandbox::JailOperation::Exec;
  EXPECT_TRUE(IsWellFormed(request, 3));
  request.flags = sandbox::kWithLogPipe;
  EXPECT_TRUE(IsWellFormed(request, 4));
  EXPECT_FALSE(IsWellFormed(request, 3));
}

}  // namespace
}  // namespace mayfly::jail
