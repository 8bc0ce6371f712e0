// What mayflyd and mayfly-jail say to each other, over one SOCK_SEQPACKET pair (descriptor 3 of the jail).
//
// One packet is one struct of fixed size plus, by SCM_RIGHTS, the descriptors that its comment names, in that order. Both
// ends run on one machine from one build, so integers are in native order; `version` tells a mixed installation.
// The jail checks every field of every request: a field that the operation does not use must be zero, descriptors must be
// exactly those named. A bad request is answered EINVAL and changes nothing. No path ever travels: packages are named by
// SHA-256, interpreters, zygotes and file systems by the small indexes that the jail's command line announced. One name of a
// client's does travel: that of the folder below /mnt at which a file system is mounted, letters, digits, "-", "_" and "." only.
//
// Requests may overlap; answers carry the request's sequence and come in the order in which the work ends. Reports with
// sequence 0 are events. The jail sends kHello first, once it can serve.
#pragma once

#include <cstdint>
#include <type_traits>

namespace mayfly::sandbox {

inline constexpr uint32_t kJailProtocolVersion = 4;
inline constexpr int kJailControlDescriptor = 3;
inline constexpr int kRequestDescriptorsMax = 4;
inline constexpr uint32_t kIndexMax = 63;              // indexes of roots, zygotes and file systems are 1..63; 0 is none
inline constexpr uint32_t kMountNameBytes = 160;        // with the NUL that ends it
inline constexpr uint64_t kMemoryBytesMin = 4ull << 20;
inline constexpr uint64_t kMemoryBytesMax = 1ull << 40;
inline constexpr uint64_t kTmpBytesMin = 4096;
inline constexpr uint64_t kTmpBytesMax = 1ull << 40;
inline constexpr uint64_t kDefaultTmpBytes = 512ull << 20;
inline constexpr uint32_t kProcessesMax = 32768;
inline constexpr uint32_t kConfigBytesMax = 1u << 20;  // the configuration that Exec and Fork pass (see ProcessConfiguration)
inline constexpr uint16_t kRuntimeApiPort = 9001;      // on 127.0.0.1 inside every cage
inline constexpr uint16_t kTracesPort = 2000;          // UDP, on 169.254.100.1 inside

// The inside view of a function: uid and gid sbx_user1051, in a map of 65,536 ids that no other cage has.
inline constexpr uint32_t kFunctionUserId = 993;
inline constexpr uint32_t kUserIdsPerCage = 65536;

enum class JailOperation : uint32_t {
  // A fresh cage. flags: kWantEndpoint. Answer: `cage`, `descriptors` and those descriptors. ENOSPC: the bound on cages.
  MakeCage = 1,
  // Once per cage, before anything runs. code, flags kHasLayers + layers, root_index, memory_bytes (without what lies in
  // /tmp: jail/warden.h), tmp_bytes, processes_max. kImageRoot: the image of a runtime, root_index, becomes the root, with code and layers in
  // it; without a root_index `code` is the tree of an image and becomes the root, and there are no layers. kHasFileSystem: file_system is mounted at /mnt/mount_name.
  // processors: how many the function is shown and runs on; 0, or more than there are: the machine's.
  // ENOENT: no such package or index. ENXIO: no such file system. EALREADY: assigned before.
  Assign = 2,
  // Pid 1 forks and executes. process (chosen by the caller, unique in the cage). Descriptors: configuration memfd, stdout,
  // stderr; with kWithLogPipe a pipe for framed logs, its descriptor kLogDescriptor. Answer after execve succeeded (kProcessStatus) or failed (error = its errno).
  // EBUSY: another Exec of the cage is under way.
  Exec = 3,
  // The zygote zygote_index of zygote_group forks into the cage; else as Exec. Answer (kProcessStatus) when the child exists. ENOENT: no such zygote now.
  Fork = 4,
  // Kills everything but pid 1. Answer when all are gone.
  KillAll = 5,
  // SIGTERM to `process`, or with kWithKill SIGKILL. Not an error: it has gone.
  Terminate = 6,
  // Kills the cage and gives everything back. Answer at once; the slot is free later. Not an error: an unknown cage.
  Destroy = 7,
  // Starts zygote_index if it does not run for zygote_group (0: for all; else one account's). Answer at once; ZygoteReady or ZygoteDied follow.
  // EAGAIN: too many run.
  StartZygote = 8,
  // A TCP socket in the cage's network namespace, neither bound nor connected: what the daemon connects with it, it reaches
  // inside the cage. Answer: that descriptor (kSocket).
  MakeSocket = 9,
  // Ends zygote_index of zygote_group; ZygoteDied does not follow. Not an error: it does not run. EBUSY: a Fork is under way.
  StopZygote = 10,
};

inline constexpr uint32_t kHasLayers = 1;     // Assign
inline constexpr uint32_t kWantEndpoint = 2;  // MakeCage: also the AWS endpoint and the trace daemon's address (kEndpoint, kTraces)
inline constexpr uint32_t kWithLogPipe = 4;   // Exec
inline constexpr uint32_t kWithKill = 8;      // Terminate
inline constexpr uint32_t kImageRoot = 16;    // Assign
inline constexpr uint32_t kHasFileSystem = 32;  // Assign
inline constexpr uint32_t kOwnTrees = 64;       // Assign: inodes of its own for code, layers and root, which cages of another account have, too

struct JailRequest {
  uint32_t version;
  JailOperation operation;
  uint32_t sequence;  // not 0
  uint32_t cage;
  uint32_t process;  // not 0 where it is used
  uint32_t root_index;
  uint32_t zygote_index;
  uint32_t processes_max;
  uint32_t flags;
  uint32_t file_system;
  uint64_t memory_bytes;
  uint64_t tmp_bytes;
  uint64_t zygote_group;
  uint32_t processors;
  uint32_t reserved;  // 0
  uint8_t code[32];
  uint8_t layers[32];
  char mount_name[kMountNameBytes];  // NUL to its end
};

enum class JailReportKind : uint32_t {
  Hello = 1,          // `features`
  Answer = 2,         // error: 0 or an errno
  ProcessExited = 3,  // cage, process, exit_code or signal
  CageDied = 4,       // cage: its pid 1 has gone, and everything with it; the jail cleans up by itself
  ZygoteReady = 5,    // zygote_index, zygote_group
  ZygoteDied = 6,     // likewise
};

// Bits of JailReport::descriptors; the descriptors come in the order of the bits.
enum CageDescriptor : uint32_t {
  kListener = 1u << 0,    // 127.0.0.1:9001 inside, listening
  kMemoryPeak = 1u << 1,  // read: bytes, /tmp included
  kOomCounter = 1u << 2,  // read: a line "oom_kill N"
  kCpuQuota = 1u << 3,    // write: v1 microseconds per 100 ms or -1; v2 "QUOTA 100000" or "max"
  kCpuUsage = 1u << 4,    // read: v1 nanoseconds; v2 a line "usage_usec N"
  kFreeze = 1u << 5,      // write: "1" or "0"
  kEndpoint = 1u << 6,    // 169.254.100.2:80 inside, listening; only when wanted
  kSocket = 1u << 7,      // MakeSocket only
  kTraces = 1u << 8,      // 169.254.100.1:2000 inside, a bound UDP socket; with kEndpoint
  kMemoryUsage = 1u << 9,  // read: bytes, /tmp included
  kMemoryStat = 1u << 10,  // read: lines "cache N" (v1) or "file N" (v2), and "shmem N"
  kProcessStatus = 1u << 11,  // Exec and Fork only: /proc/PID/status of the process, read
};
inline constexpr int kReportDescriptorsMax = 10;  // of one report

enum JailFeature : uint32_t {
  kCgroupV2Limits = 1u << 0,  // limits through cgroup v2; else v1
  kCgroup2Core = 1u << 1,     // freeze, kill and CLONE_INTO_CGROUP work
};

struct JailReport {
  uint32_t version;
  JailReportKind kind;
  uint32_t sequence;
  uint32_t cage;
  uint32_t process;
  int32_t error;
  int32_t exit_code;
  int32_t signal;
  uint32_t zygote_index;
  uint32_t descriptors;
  uint32_t features;
  uint32_t address;  // MakeCage: of the cage, in its network; 0: it has none (router_protocol.h)
  uint64_t zygote_group;
};

static_assert(std::is_trivially_copyable_v<JailRequest> && sizeof(JailRequest) == 296);
static_assert(std::is_trivially_copyable_v<JailReport> && sizeof(JailReport) == 56);

// ProcessConfiguration: the content of the configuration memfd. Little-endian u32 argc, u32 envc, then NUL-terminated strings:
// argc arguments (the first is what to execute: a path, or a name that is looked for in PATH), envc "NAME=value", the working directory. At most
// kConfigBytesMax. Read inside the cage, after all privileges are gone; nobody else parses it.

}  // namespace mayfly::sandbox
