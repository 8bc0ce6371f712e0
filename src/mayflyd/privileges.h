// Start as root, live as nobody in particular: what the daemon does before it listens.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace mayfly::daemon {

// Whom the daemon becomes. Without such a user in the system: fixed ids that no distribution gives out.
struct Identity {
  uid_t user_id = 0;
  gid_t group_id = 0;
  bool is_named = false;
};
Identity FindIdentity(const std::string& user);

// The daemon itself; or `mayfly runtime add`, which may work beside it, but not twice at once.
enum class DataUse : unsigned char { Serve, AddRuntimes };

// The data directory, made, locked against a second one of that use and owned by `identity`; also its folders code, logs and runtimes.
// `path` is where the daemon finds it from now on: in a mount namespace of its own, so that it needs no permission on the
// folders above it. Error: with a hint (in use by another daemon, cannot be made).
struct DataDirectory {
  std::string path;
  std::string real_path;  // as everybody else sees it
  UniqueFd lock;
};
Result<DataDirectory> PrepareDataDirectory(const std::string& path, const Identity& identity, DataUse use = DataUse::Serve);

// From now on this process is `identity`, without capabilities, and cannot get any.
Result<> DropPrivileges(const Identity& identity);

// Raises the limit of open descriptors to what is allowed.
void RaiseDescriptorLimit();

}  // namespace mayfly::daemon
