#include "jail/seccomp_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>

#include "jail/seccomp_calls.h"

namespace mayfly::jail {
namespace {

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "no table of system calls for this architecture"
#endif

// What happens to a call; the checks come after the search, one block of instructions each.
enum class Verdict {
  Unknown, Allow, Forbid, Skip, CheckClone, CheckSocket, CheckSocketPair, CheckSocketOption, CheckIoctl, CheckPersonality, CheckLimit, CheckMknod,
  CheckMknodAt, CheckMap, CheckMemoryFile, CheckSharedMemory, CheckProcessControl, CheckFileControl,
};

constexpr uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr uint32_t kPermission = SECCOMP_RET_ERRNO | EPERM;
constexpr uint32_t kNoCall = SECCOMP_RET_ERRNO | ENOSYS;
constexpr uint32_t kNothing = SECCOMP_RET_ERRNO;  // succeeds without being made
constexpr uint32_t kNamespaceFlags =
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

sock_filter Load(uint32_t offset) { return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset); }
sock_filter Return(uint32_t action) { return BPF_STMT(BPF_RET | BPF_K, action); }

// The low 32 bits of an argument, which is all that the kernel looks at for every argument checked here. Both supported
// architectures are little-endian.
sock_filter LoadArgument(int index) {
  return Load(static_cast<uint32_t>(offsetof(seccomp_data, args) + sizeof(uint64_t) * static_cast<size_t>(index)));
}

class Program {
 public:
  void Add(sock_filter instruction) { code_.push_back(instruction); }
  // Returns `action` when the accumulator equals `value`.
  void ReturnIfEqual(uint32_t value, uint32_t action) {
    Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
    Add(Return(action));
  }
  void ReturnIfAnyBit(uint32_t bits, uint32_t action) {
    Add(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1));
    Add(Return(action));
  }
  void Mask(uint32_t bits) { Add(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, bits)); }
  // A jump whose far target is filled in by Patch.
  size_t AddJump() {
    Add(BPF_STMT(BPF_JMP | BPF_JA, 0));
    return code_.size() - 1;
  }
  void PatchToHere(size_t jump) { code_[jump].k = static_cast<uint32_t>(code_.size() - jump - 1); }
  std::vector<sock_filter> Take() { return std::move(code_); }

 private:
  std::vector<sock_filter> code_;
};

struct Range {
  uint32_t first;
  Verdict verdict;
};

// The verdicts of all numbers as ranges without gaps, from 0 upwards.
std::vector<Range> MakeRanges() {
  std::map<uint32_t, Verdict> verdicts;
  for (const int call : kAllowedCalls) verdicts[static_cast<uint32_t>(call)] = Verdict::Allow;
  for (const int call : kForbiddenCalls) verdicts[static_cast<uint32_t>(call)] = Verdict::Forbid;
  verdicts[SYS_clone] = Verdict::CheckClone;
  verdicts[SYS_socket] = Verdict::CheckSocket;
  verdicts[SYS_socketpair] = Verdict::CheckSocketPair;
  verdicts[SYS_ioctl] = Verdict::CheckIoctl;
  verdicts[SYS_personality] = Verdict::CheckPersonality;
  verdicts[SYS_prlimit64] = Verdict::CheckLimit;
  verdicts[SYS_mknodat] = Verdict::CheckMknodAt;
  verdicts[SYS_setsockopt] = Verdict::CheckSocketOption;
  verdicts[SYS_mmap] = Verdict::CheckMap;
  verdicts[SYS_memfd_create] = Verdict::CheckMemoryFile;
  verdicts[SYS_shmget] = Verdict::CheckSharedMemory;
  verdicts[SYS_prctl] = Verdict::CheckProcessControl;
  verdicts[SYS_fcntl] = Verdict::CheckFileControl;
  // Cannot fail; a cage's own files are memory, and the machine's disks are not its to make write.
  verdicts[SYS_sync] = Verdict::Skip;
#ifdef SYS_mknod
  verdicts[SYS_mknod] = Verdict::CheckMknod;
#endif
  std::vector<Range> ranges{{0, Verdict::Unknown}};
  uint32_t next = 0;
  auto append = [&ranges](uint32_t first, Verdict verdict) {
    if (ranges.back().verdict == verdict) return;
    if (ranges.back().first == first) ranges.back().verdict = verdict;
    else ranges.push_back({first, verdict});
  };
  for (const auto& [call, verdict] : verdicts) {
    if (call > next) append(next, Verdict::Unknown);
    append(call, verdict);
    next = call + 1;
  }
  append(next, Verdict::Unknown);
  return ranges;
}

// A jump to another block, by the place of the jump.
using Exits = std::multimap<Verdict, size_t>;

// Binary search for the accumulator in ranges [begin, end); leaves by a jump per range.
void Search(Program& program, const std::vector<Range>& ranges, size_t begin, size_t end, Exits& exits) {
  if (end - begin == 1) {
    exits.emplace(ranges[begin].verdict, program.AddJump());
    return;
  }
  const size_t middle = begin + (end - begin) / 2;
  // The offsets of a conditional jump have 8 bits: when true, step over the far jump to the upper half.
  program.Add(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, ranges[middle].first, 0, 1));
  const size_t upper = program.AddJump();
  Search(program, ranges, begin, middle, exits);
  program.PatchToHere(upper);
  Search(program, ranges, middle, end, exits);
}

// Families: UNIX; INET and INET6 with TCP or UDP (no raw, ICMP, SCTP or multipath sockets); NETLINK with ROUTE.
void AddSocketCheck(Program& program) {
  program.Add(LoadArgument(0));
  program.ReturnIfEqual(AF_UNIX, kAllow);
  program.Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 4));
  program.Add(LoadArgument(2));
  program.ReturnIfEqual(0, kAllow);
  program.Add(Return(kPermission));
  program.Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 2, 0));
  program.Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 1, 0));
  program.Add(Return(SECCOMP_RET_ERRNO | EAFNOSUPPORT));
  program.Add(LoadArgument(1));
  program.Mask(0xf);
  program.Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SOCK_STREAM, 2, 0));
  program.Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SOCK_DGRAM, 1, 0));
  program.Add(Return(kPermission));
  program.Add(LoadArgument(2));
  program.ReturnIfEqual(0, kAllow);
  program.ReturnIfEqual(IPPROTO_TCP, kAllow);
  program.ReturnIfEqual(IPPROTO_UDP, kAllow);
  program.Add(Return(kPermission));
}

void AddMknodCheck(Program& program, int mode_argument) {
  program.Add(LoadArgument(mode_argument));
  program.Mask(S_IFMT);
  program.ReturnIfEqual(S_IFCHR, kPermission);
  program.ReturnIfEqual(S_IFBLK, kPermission);
  program.Add(Return(kAllow));
}

// Programs of packet filters are compiled into memory that is counted for the machine, as those of seccomp are.
void AddSocketOptionCheck(Program& program) {
  program.Add(LoadArgument(1));
  program.Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SOL_SOCKET, 1, 0));
  program.Add(Return(kAllow));
  program.Add(LoadArgument(2));
  for (const int option : {SO_ATTACH_FILTER, SO_ATTACH_BPF, SO_ATTACH_REUSEPORT_CBPF, SO_ATTACH_REUSEPORT_EBPF}) {
    program.ReturnIfEqual(static_cast<uint32_t>(option), kPermission);
  }
  program.Add(Return(kAllow));
}

// Huge pages that the operator set aside are for whom they were set aside, and no memory limit counts them.
void AddFlagCheck(Program& program, int argument, uint32_t flag, int error) {
  program.Add(LoadArgument(argument));
  program.ReturnIfAnyBit(flag, SECCOMP_RET_ERRNO | static_cast<uint32_t>(error));
  program.Add(Return(kAllow));
}

// Whose a lock of a range is must be seen (lock_watch.h): no locks of open files, and nobody but threads shares descriptors.
void AddBlock(Program& program, Verdict verdict) {
  switch (verdict) {
    case Verdict::Skip: program.Add(Return(kNothing)); break;
    case Verdict::CheckSocketOption: AddSocketOptionCheck(program); break;
    case Verdict::CheckMap: AddFlagCheck(program, 3, MAP_HUGETLB, ENOMEM); break;
    case Verdict::CheckMemoryFile: AddFlagCheck(program, 1, MFD_HUGETLB, ENOSYS); break;
    case Verdict::CheckSharedMemory: AddFlagCheck(program, 2, SHM_HUGETLB, EPERM); break;
    case Verdict::CheckProcessControl:
      program.Add(LoadArgument(0));
      program.ReturnIfEqual(PR_SET_SECCOMP, SECCOMP_RET_ERRNO | EINVAL);
      program.Add(Return(kAllow));
      break;
    case Verdict::CheckFileControl:
      program.Add(LoadArgument(1));
      for (const int command : {F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW}) {
        program.ReturnIfEqual(static_cast<uint32_t>(command), SECCOMP_RET_ERRNO | EINVAL);
      }
      program.Add(Return(kAllow));
      break;
    case Verdict::Unknown: program.Add(Return(kNoCall)); break;
    case Verdict::Allow: program.Add(Return(kAllow)); break;
    case Verdict::Forbid: program.Add(Return(kPermission)); break;
    case Verdict::CheckClone:
      program.Add(LoadArgument(0));
      program.ReturnIfAnyBit(kNamespaceFlags, kPermission);
      program.ReturnIfAnyBit(CLONE_THREAD, kAllow);
      program.ReturnIfAnyBit(CLONE_FILES, kPermission);
      program.Add(Return(kAllow));
      break;
    case Verdict::CheckSocket: AddSocketCheck(program); break;
    case Verdict::CheckSocketPair:
      program.Add(LoadArgument(0));
      program.ReturnIfEqual(AF_UNIX, kAllow);
      program.Add(Return(SECCOMP_RET_ERRNO | EAFNOSUPPORT));
      break;
    case Verdict::CheckIoctl:
      program.Add(LoadArgument(1));
      program.ReturnIfEqual(TIOCSTI, kPermission);
      program.ReturnIfEqual(TIOCLINUX, kPermission);
      program.Add(Return(kAllow));
      break;
    case Verdict::CheckPersonality:
      program.Add(LoadArgument(0));
      program.ReturnIfEqual(0, kAllow);
      program.ReturnIfEqual(0xffffffff, kAllow);
      program.Add(Return(kPermission));
      break;
    case Verdict::CheckLimit:  // pid 1 has the function's user, and needs its descriptors to start the next process
      program.Add(LoadArgument(0));
      program.ReturnIfEqual(1, kPermission);
      program.Add(Return(kAllow));
      break;
    case Verdict::CheckMknod: AddMknodCheck(program, 1); break;
    case Verdict::CheckMknodAt: AddMknodCheck(program, 2); break;
  }
}

}  // namespace

std::vector<sock_filter> BuildSeccompFilter() {
  Program program;
  program.Add(Load(offsetof(seccomp_data, arch)));
  program.Add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0));
  program.Add(Return(kNoCall));  // 32-bit calls
  program.Add(Load(offsetof(seccomp_data, nr)));
  const std::vector<Range> ranges = MakeRanges();  // numbers with x32's bit are past the last range: ENOSYS
  Exits exits;
  Search(program, ranges, 0, ranges.size(), exits);
  for (auto exit = exits.begin(); exit != exits.end();) {
    const Verdict verdict = exit->first;
    for (; exit != exits.end() && exit->first == verdict; ++exit) program.PatchToHere(exit->second);
    AddBlock(program, verdict);
  }
  return program.Take();
}

}  // namespace mayfly::jail
