// The cage in which function code runs, as the daemon sees it.
//
// A Cage is a sandbox that was made ahead of use: namespaces, own uid range, read-only root, sized /tmp, cgroups, a pid 1 of
// ours, and a listening socket on its 127.0.0.1:9001 (docs/security.md). It is assigned once, to one function version, then
// runs that version's processes one runtime at a time until it is destroyed. JailedCage (jail.h) talks to mayfly-jail;
// FakeCage (fake.h) is for simulation. All methods on one strand.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/fd.h"
#include "base/hash.h"
#include "base/result.h"
#include "base/task.h"

namespace mayfly::sandbox {

struct CageSpec {
  Sha256Digest code{};                  // package in the code store: /var/task; or with is_image the tree that is the root
  bool is_image = false;                // the root is an image: `code`, without layers; or with a root_index that one, and code and layers in it
  std::optional<Sha256Digest> layers;   // merged layers in the code store: /opt
  int root_index = 0;                   // which directory of a runtime is bound at /var/lang, or with is_image is the root; 0 = none
  // A configured file system, and the name below /mnt at which it is mounted.
  struct FileSystem {
    int index = 0;
    std::string name;
  };
  std::optional<FileSystem> file_system;
  int64_t memory_bytes = 128ll << 20;
  int64_t tmp_bytes = 512ll << 20;
  std::string account_id;               // cages of different accounts never share the inodes of code, layers or a root
  int processes_max = 1024;
  int processors = 0;  // how many it is shown and runs on; 0, or more than there are: the machine's
};

struct ProcessSpec {
  std::vector<std::string> arguments;    // arguments[0]: a path inside the cage, or a name that is looked for in the PATH of `environment`
  std::vector<std::string> environment;  // "NAME=value"
  std::string working_directory = "/var/task";
  bool wants_log_pipe = false;  // descriptor kLogDescriptor of the process; only when it is executed, not forked
};

// Exec: pid 1 forks and executes arguments[0]. Zygote: a trusted, pre-booted interpreter forks into the cage.
struct StartMode {
  int zygote_index = 0;         // 0 = exec
  uint64_t zygote_group = 0;    // whose zygote: everybody's, or one account's own
  auto operator<=>(const StartMode&) const = default;
};

struct StartedProcess {
  int pid = 0;  // in the host's pid namespace; a name only
  UniqueFd stdout_fd;
  UniqueFd stderr_fd;
  UniqueFd log_fd;  // when wanted
};

struct ProcessExit {
  int pid = 0;
  int exit_code = 0;  // when signal == 0
  int signal = 0;
  bool cage_died = false;  // the whole cage has gone (its pid 1 died, or the jail did)
};

// Codes of errors of Start.
inline constexpr std::string_view kWorkingDirectory = "WorkingDirectory";
inline constexpr std::string_view kMissingInterpreter = "MissingInterpreter";

// What the processes of a cage have used of its memory, without /tmp.
struct MemoryUse {
  int64_t resident_bytes = 0;  // with pages that other cages have too: as on AWS, and as it is limited
  int64_t private_bytes = 0;   // what this cage alone takes from the machine
};

class Cage {
 public:
  // Destroys the cage: kills what runs in it and gives everything back, in the background.
  virtual ~Cage() = default;

  virtual uint32_t id() const = 0;
  // Its IPv4 address in the router's network, in host order; 0: it has no network.
  virtual uint32_t network_address() const { return 0; }
  // The listening socket on 127.0.0.1:9001 inside. Once.
  virtual UniqueFd TakeListener() = 0;
  // The listening socket on 169.254.100.2:80 inside, where its functions find AWS's services. Once.
  virtual UniqueFd TakeEndpointListener() = 0;
  // The UDP socket on 169.254.100.1:2000 inside, where X-Ray SDKs send segments. Once.
  virtual UniqueFd TakeTraceSocket() = 0;

  // Errors: Fault (a package that is not there, a limit that cannot be set, the jail has gone).
  virtual Task<Result<>> Assign(Context& ctx, const CageSpec& spec) = 0;
  // Error: Fault with the errno's name as code (ENOENT, EACCES, ENOEXEC …) when arguments[0] cannot be executed;
  // kMissingInterpreter when it is there and what it names to be run by is not; kWorkingDirectory when the working directory cannot be
  // entered.
  // A zygote that is not there (any more) falls back to exec by itself; `arguments` must serve both.
  virtual Task<Result<StartedProcess>> Start(Context& ctx, StartMode mode, const ProcessSpec& process) = 0;
  // Kills everything but pid 1; files in /tmp stay. Returns when all are gone.
  virtual Task<Result<>> KillAll(Context& ctx) = 0;
  // SIGTERM to the process that Start gave. Not an error: it has gone.
  virtual void Terminate(int pid) = 0;
  // SIGKILL to it. Not an error: it has gone.
  virtual void Kill(int pid) = 0;
  // A non-blocking TCP socket in the cage's own network, neither bound nor connected: the daemon's way to what listens inside.
  // Error: Fault.
  virtual Task<Result<UniqueFd>> MakeSocket(Context& ctx) = 0;
  // Called on the strand for each process of Start that ends, and when the cage dies. Set before Start.
  virtual void OnExit(std::function<void(const ProcessExit&)> callback) = 0;

  // Straight to the kernel, no round trip to the jail. 0 when unknown.
  // The most since its processes began; one read when nothing has changed.
  virtual MemoryUse PeakMemory() = 0;
  // The most that was ever charged to it, with what lies in /tmp.
  virtual int64_t PeakChargedBytes() = 0;
  virtual int64_t OomKills() = 0;
  // The CPU time that everything in it has used so far; 0 when the machine does not tell.
  virtual Duration CpuTime() = 0;
  // Share of one CPU, e.g. 0.0723; 0 lifts the limit.
  virtual void SetCpuQuota(double cpus) = 0;
  virtual void Freeze() = 0;
  virtual void Thaw() = 0;
};

class CagePool {
 public:
  virtual ~CagePool() = default;
  // A cage that nobody has used. Waits while one is being made; error: Fault "NoCage" when the bound on all cages is reached
  // (the caller throttles) or the jail cannot make one.
  virtual Task<Result<std::unique_ptr<Cage>>> Acquire(Context& ctx) = 0;
  virtual int live_cages() const = 0;
};

}  // namespace mayfly::sandbox
