#include "jail/file_system.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "jail/owners.h"

namespace mayfly::jail {
std::string IdMapLines(uint32_t disk_id, uint32_t first_id) {
  constexpr uint32_t kFunction = sandbox::kFunctionUserId;
  std::string lines;
  const auto add = [&](uint32_t disk, uint32_t inside, uint32_t count) {
    if (count != 0) lines += std::to_string(disk) + " " + std::to_string(first_id + inside) + " " + std::to_string(count) + "\n";
  };
  const uint32_t low = std::min(disk_id, kFunction), high = std::max(disk_id, kFunction);
  add(0, 0, low);
  add(low, high, 1);
  if (low != high) {
    add(low + 1, low + 1, high - low - 1);
    add(high, low, 1);
  }
  add(high + 1, high + 1, sandbox::kUserIdsPerCage - high - 1);
  return lines;
}

int CloneFileSystem(const House& house, const FileSystemOptions& options, uint32_t index, uint32_t first_user_id, UniqueFd& mount) {
  if (options.directory.empty()) return ENXIO;
  const std::string place = "/file-systems/" + std::to_string(index);
  mount.Reset(open_tree(AT_FDCWD, place.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW));
  if (!mount) return errno;
  UniqueFd user_namespace;
  const std::string users = IdMapLines(options.user_id, first_user_id), groups = IdMapLines(options.group_id, first_user_id);
  if (const int error = MakeUserNamespace(house, users, groups, user_namespace)) return error;
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_IDMAP;
  attributes.userns_fd = static_cast<uint64_t>(user_namespace.get());
  if (mount_setattr(mount.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) == 0 || errno == EINVAL || errno == EOPNOTSUPP) return 0;
  return errno;
}

int AttachFileSystem(int mount_descriptor, const char* name, uint32_t first_user_id) {
  char options[96];
  snprintf(options, sizeof options, "mode=0755,size=64k,nr_inodes=8,uid=%u,gid=%u", first_user_id, first_user_id);
  constexpr unsigned long kFlags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  if (mount("mayfly-mnt", "/mnt", "tmpfs", kFlags, options) != 0) return errno;
  const UniqueFd folder(open("/mnt", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder || mkdirat(folder.get(), name, 0755) != 0) return errno;
  const UniqueFd target(openat(folder.get(), name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!target) return errno;
  if (move_mount(mount_descriptor, "", target.get(), "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0) return errno;
  return mount(nullptr, "/mnt", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | kFlags, nullptr) == 0 ? 0 : errno;
}

}  // namespace mayfly::jail
