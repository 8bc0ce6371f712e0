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

// The data directory, made, locked against a second one of that use, owned by `identity` and closed to everybody else; also its
// folders code, logs and runtimes (the jail, which is root, reaches the code; what a cage sees of it is a mount).
// `path` is where the daemon finds it from now on: in a mount namespace of its own, so that it needs no permission on the
// folders above it. Error: with a hint (in use by another daemon, cannot be made).
struct DataDirectory {
  std::string path;
  std::string real_path;  // as everybody else sees it
  UniqueFd lock;
};
Result<DataDirectory> PrepareDataDirectory(const std::string& path, const Identity& identity, DataUse use = DataUse::Serve);

// Takes the permissions of others from what lies in the data directory and belongs to this process's user: earlier versions left
// them. Called as that user, before anything in it is open.
Result<> CloseDataDirectory(const std::string& path);

// From now on this process is `identity`, without capabilities, and cannot get any.
Result<> DropPrivileges(const Identity& identity);

// Makes this process, and the jail that it starts afterwards, the last that the kernel kills when the machine has no memory left: without
// them everything else ends too. Needs CAP_SYS_RESOURCE; without it they are as others are, and functions still go first.
void SpareMe();

// Raises the limit of open descriptors to what is allowed.
void RaiseDescriptorLimit();

}  // namespace mayfly::daemon
