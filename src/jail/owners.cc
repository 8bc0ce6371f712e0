#include "jail/owners.h"

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

#include "jail/kernel_files.h"
#include "sandbox/jail_protocol.h"

namespace mayfly::jail {
namespace {

[[noreturn]] void WaitToBeKilled() {
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  for (;;) pause();
}

std::string Line(uint32_t disk, uint32_t machine, uint32_t count) {
  return std::to_string(disk) + " " + std::to_string(machine) + " " + std::to_string(count) + "\n";
}

}  // namespace

int MakeUserNamespace(const House& house, const std::string& user_lines, const std::string& group_lines, UniqueFd& made) {
  // With our descriptors, not a copy of them: it opens none, and there are thousands.
  const long pid = syscall(SYS_clone, CLONE_NEWUSER | CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
  if (pid < 0) return errno;
  if (pid == 0) WaitToBeKilled();
  const std::string folder = std::to_string(pid);
  int error = WriteAt(house.proc.get(), folder + "/uid_map", user_lines);
  if (error == 0) error = WriteAt(house.proc.get(), folder + "/gid_map", group_lines);
  if (error == 0) {
    made.Reset(openat(house.proc.get(), (folder + "/ns/user").c_str(), O_RDONLY | O_CLOEXEC));
    if (!made) error = errno;
  }
  kill(static_cast<pid_t>(pid), SIGKILL);
  while (waitpid(static_cast<pid_t>(pid), nullptr, __WALL) < 0 && errno == EINTR) {
  }
  return error;
}

int MapOwners(int mount, int user_namespace) {
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_IDMAP;
  attributes.userns_fd = static_cast<uint64_t>(user_namespace);
  if (mount_setattr(mount, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof attributes) == 0) return 0;
  return errno == EINVAL || errno == EOPNOTSUPP ? 0 : errno;
}

int MapTemplate(int user_namespace) {
  const UniqueFd mount(open_tree(AT_FDCWD, "/template", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE));
  if (!mount) return errno;
  if (const int error = MapOwners(mount.get(), user_namespace)) return error;
  return move_mount(mount.get(), "", AT_FDCWD, "/template", MOVE_MOUNT_F_EMPTY_PATH) == 0 ? 0 : errno;
}

const Owners::Maps* Owners::Find(const House& house, uint32_t slot, uint32_t first_user_id) {
  if (unsupported_) return nullptr;
  const auto found = maps_.find(slot);
  if (found != maps_.end()) return &found->second;
  Maps made;
  struct stat store{};
  int error = fstat(house.store.get(), &store) == 0 ? 0 : errno;
  const std::string machine = Line(0, first_user_id, sandbox::kUserIdsPerCage);
  if (error == 0) error = MakeUserNamespace(house, machine, machine, made.machine);
  if (error == 0) error = MakeUserNamespace(house, Line(store.st_uid, first_user_id, 1), Line(store.st_gid, first_user_id, 1), made.store);
  if (error != 0) {
    unsupported_ = true;
    fprintf(stderr, "mayfly-jail: files show as nobody's: cannot make a map of owners: %s\n", strerror(error));
    return nullptr;
  }
  return &maps_.emplace(slot, std::move(made)).first->second;
}

}  // namespace mayfly::jail
