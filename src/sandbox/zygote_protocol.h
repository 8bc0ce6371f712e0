// What mayfly-jail and a zygote (libmayfly_zygote.so in a trusted interpreter) say to each other: fixed-size structs over a
// SOCK_SEQPACKET pair, native order, one build on both ends.
//
// The jail sends Setup first. The zygote answers Ready when it has preloaded, then serves one Fork after the other.
#pragma once

#include <cstdint>

namespace mayfly::sandbox {

enum class ZygoteCommandKind : uint32_t {
  Setup = 1,  // descriptor: memfd with the seccomp program (an array of sock_filter)
  Fork = 2,   // descriptors: pidfd of the cage's pid 1, configuration memfd, stdout, stderr, and the cage's cgroup2 folder
              // unless flags has kNoCgroup2
};
inline constexpr int kZygoteDescriptorsMax = 5;
inline constexpr uint32_t kNoCgroup2 = 1;

struct ZygoteCommand {
  ZygoteCommandKind kind;
  uint32_t token;  // comes back in Forked
  uint32_t flags;
};

enum class ZygoteReportKind : uint32_t {
  Ready = 1,
  Forked = 2,  // token; pid (in the jail's pid namespace; the jail is the parent) or error
};

struct ZygoteReport {
  ZygoteReportKind kind;
  uint32_t token;
  int32_t pid;
  int32_t error;
};

}  // namespace mayfly::sandbox
