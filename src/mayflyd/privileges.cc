#include "mayflyd/privileges.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <sys/capability.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <climits>
#include <cstdlib>

#include <fmt/format.h>

namespace mayfly::daemon {
namespace {

constexpr uid_t kUnnamedUserId = 900'004'566;
constexpr const char* kMountPoint = "/run/mayfly";

Result<> MakeDirectories(const std::string& path) {
  for (size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    if (::mkdir(part.c_str(), 0755) != 0 && errno != EEXIST) return Fail(Error::FromErrno("make " + part, errno));
    if (slash == std::string::npos) return {};
  }
}

// The folder itself; what is in it was made by the daemon.
Result<> GiveTo(int folder, const Identity& identity) {
  struct stat status {};
  if (::fstat(folder, &status) != 0) return Fail(Error::FromErrno("stat the data directory", errno));
  if (status.st_uid == identity.user_id && status.st_gid == identity.group_id) return {};
  if (status.st_mode & S_ISVTX) return Fail(Error::Fault("the data directory is shared with others", "give Mayfly a folder of its own"));
  if (::fchown(folder, identity.user_id, identity.group_id) != 0) return Fail(Error::FromErrno("chown the data directory", errno));
  return {};
}

Result<> MakeOwned(const std::string& path, mode_t mode, const Identity& identity) {
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return Fail(Error::FromErrno("make " + path, errno));
  if (::lchown(path.c_str(), identity.user_id, identity.group_id) != 0) return Fail(Error::FromErrno("chown " + path, errno));
  return {};
}

Result<UniqueFd> Lock(int folder, const std::string& path, DataUse use) {
  UniqueFd lock(use == DataUse::Serve ? ::openat(folder, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)
                                      : ::openat(folder, "runtimes", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!lock) return Fail(Error::FromErrno("lock " + path, errno));
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
  if (use == DataUse::Serve) return Fail(Error::Fault("another daemon uses " + path, "end it, or choose another --data-dir"));
  return Fail(Error::Fault("another 'mayfly runtime add', or the daemon's tidying up, is at work in " + path, "try again"));
}

// The daemon's view of the file system: the machine's, with the data directory at a place that everyone may walk to.
Result<std::string> MountForMyself(const std::string& path) {
  if (::unshare(CLONE_NEWNS) != 0) return Fail(Error::FromErrno("unshare the mount namespace", errno));
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    const int reason = errno;
    Error error = Error::FromErrno("make mounts private", reason);
    if (reason == EINVAL) error.hint = "sandboxes need a root that is a mount point; of a chroot: mount --bind ROOT ROOT, then chroot";
    return Fail(std::move(error));
  }
  if (::mkdir(kMountPoint, 0755) != 0 && errno != EEXIST) return Fail(Error::FromErrno(fmt::format("make {}", kMountPoint), errno));
  if (::mount(path.c_str(), kMountPoint, nullptr, MS_BIND, nullptr) != 0) return Fail(Error::FromErrno("bind the data directory", errno));
  return std::string(kMountPoint);
}

}  // namespace

Identity FindIdentity(const std::string& user) {
  if (const passwd* entry = ::getpwnam(user.c_str())) return {entry->pw_uid, entry->pw_gid, true};
  return {kUnnamedUserId, kUnnamedUserId, false};
}

Result<DataDirectory> PrepareDataDirectory(const std::string& path, const Identity& identity, DataUse use) {
  MF_TRY_VOID(MakeDirectories(path));
  char absolute[PATH_MAX];
  if (!::realpath(path.c_str(), absolute)) return Fail(Error::FromErrno("find " + path, errno));
  DataDirectory directory;
  UniqueFd folder(::open(absolute, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return Fail(Error::FromErrno(fmt::format("open {}", absolute), errno));
  MF_TRY_VOID(GiveTo(folder.get(), identity));
  if (use == DataUse::Serve) {
    MF_TRY(directory.lock, Lock(folder.get(), absolute, use));
  }
  for (const char* name : {"code", "logs", "runtimes"}) MF_TRY_VOID(MakeOwned(fmt::format("{}/{}", absolute, name), 0755, identity));
  if (use == DataUse::AddRuntimes) {
    MF_TRY(directory.lock, Lock(folder.get(), absolute, use));
  }
  directory.path = directory.real_path = absolute;
  if (::geteuid() == 0) {
    MF_TRY(directory.path, MountForMyself(absolute));
  }
  return directory;
}

Result<> DropPrivileges(const Identity& identity) {
  if (::geteuid() != 0) return {};
  if (::setgroups(0, nullptr) != 0) return Fail(Error::FromErrno("drop groups", errno));
  if (::setresgid(identity.group_id, identity.group_id, identity.group_id) != 0) return Fail(Error::FromErrno("become the group", errno));
  if (::setresuid(identity.user_id, identity.user_id, identity.user_id) != 0) return Fail(Error::FromErrno("become the user", errno));
  cap_t none = ::cap_init();
  const int cleared = ::cap_set_proc(none);
  ::cap_free(none);
  if (cleared != 0) return Fail(Error::FromErrno("drop capabilities", errno));
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return Fail(Error::FromErrno("set no_new_privs", errno));
  return {};
}

void RaiseDescriptorLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace mayfly::daemon
