// File systems that functions are given: directories that the operator has named, mounted at /mnt/NAME of a cage.
//
// Functions work in them as the user that the configuration names: the mount translates between that user and the function's
// (an idmapped mount). Where the file system cannot do that, the directory is mounted as it is, and the function is an "other"
// user to it. Nothing here waits for a server: no file is looked at.
#pragma once

#include "base/fd.h"
#include "jail/house.h"
#include "jail/jail_options.h"

namespace mayfly::jail {

// A detached mount of the file system for a cage whose ids begin at `first_user_id`. 0 or errno; ENXIO: there is none of that index.
int CloneFileSystem(const House& house, const FileSystemOptions& options, uint32_t index, uint32_t first_user_id, UniqueFd& mount);

// Mounts it at /mnt/NAME in the calling process's mount namespace; /mnt holds nothing else then. `name` has been checked. 0 or errno.
int AttachFileSystem(int mount, const char* name, uint32_t first_user_id);

// Lines for a map of ids: those on disk on the left, those of the machine on the right. `disk_id` becomes the function's, the
// function's becomes `disk_id`, all others below 65,536 stay what they are inside the cage.
std::string IdMapLines(uint32_t disk_id, uint32_t first_id);

}  // namespace mayfly::jail
