// The jail's command line: everything that names a path is said here, by whoever starts the daemon, and never in a message.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "sandbox/jail_protocol.h"

namespace mayfly::jail {

struct ZygoteOptions {
  int root_index = 0;       // what is bound at /var/lang while it runs; 0 = nothing
  std::string interpreter;  // absolute, as seen inside; empty = no such zygote
};

struct FileSystemOptions {
  std::string directory;  // empty = no such file system
  uint32_t user_id = 0;   // as whom functions work in it
  uint32_t group_id = 0;
  bool read_only = false;
};

struct Options {
  std::string instance;     // [a-z0-9-]{1,32}: names the cgroups, so that a later jail of the same data folder finds them
  std::string runtime_dir;  // bound read-only at /var/runtime
  std::string code_dir;     // one folder per package, named by the SHA-256; its folder `root` is what a cage sees
  std::string init_path;    // the program mayfly-init
  std::array<std::string, sandbox::kIndexMax + 1> root_dirs;  // by index; empty = none
  std::array<ZygoteOptions, sandbox::kIndexMax + 1> zygotes;  // by index
  std::array<FileSystemOptions, sandbox::kIndexMax + 1> file_systems;  // by index
  uint32_t cages_max = 1024;                                  // 1..32768
  uint64_t memory_max = 0;                                    // bytes of all cages together, /tmp included; 0 = no bound
  bool has_network = false;     // descriptor 4 is the router's network namespace, in which cages get their links
  bool network_has_ipv6 = false;
  std::string search_domains;   // of names that functions look up, separated by spaces
  uint32_t user_id_base = 1'000'000'000;                      // the cage in slot N has 65,536 ids from here + N * 65,536
};

// "" or what is wrong with the arguments.
//   --instance NAME --runtime-dir DIR --code-dir DIR --init PATH
//   [--root-dir N=PREFIX]… [--zygote N=ROOTINDEX:/abs/interpreter]… [--cages-max N] [--memory-max BYTES] [--user-id-base N]
//   [--network ipv4|ipv6] [--search-domains "NAME NAME…"]
//   [--file-system N=UID:GID:rw|ro:DIRECTORY]…
std::string ParseOptions(int argument_count, char** arguments, Options& options);

}  // namespace mayfly::jail
