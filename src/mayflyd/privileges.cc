#include "mayflyd/privileges.h"

#include <dirent.h>
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
#include <cstring>
#include <memory>

#include <fmt/format.h>

#include "base/log.h"

namespace mayfly::daemon {
namespace {

constexpr uid_t kUnnamedUserId = 900'004'566;
constexpr const char* kMountPoint = "/run/mayfly";
constexpr mode_t kFolderMode = 0700;
constexpr mode_t kOthersBits = 0077;

Result<> MakeDirectories(const std::string& path) {
  for (size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    if (::mkdir(part.c_str(), 0755) != 0 && errno != EEXIST) return Fail(Error::FromErrno("make " + part, errno));
    if (slash == std::string::npos) return {};
  }
}

// The folder itself, and nobody else's to look into; what is in it was made by the daemon.
Result<> GiveTo(int folder, const Identity& identity) {
  struct stat status {};
  if (::fstat(folder, &status) != 0) return Fail(Error::FromErrno("stat the data directory", errno));
  const bool is_theirs = status.st_uid == identity.user_id && status.st_gid == identity.group_id;
  if (!is_theirs && (status.st_mode & S_ISVTX)) return Fail(Error::Fault("the data directory is shared with others", "give Mayfly a folder of its own"));
  if (!is_theirs && ::fchown(folder, identity.user_id, identity.group_id) != 0) return Fail(Error::FromErrno("chown the data directory", errno));
  if (::fchmod(folder, kFolderMode) != 0) return Fail(Error::FromErrno("chmod the data directory", errno));
  return {};
}

// Never through a link: the directory is the daemon's user's, and this may be root.
Result<> MakeOwned(int folder, const char* name, const Identity& identity) {
  if (::mkdirat(folder, name, kFolderMode) != 0 && errno != EEXIST) return Fail(Error::FromErrno(fmt::format("make {}", name), errno));
  const UniqueFd made(::openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!made) return Fail(Error::FromErrno(fmt::format("open {}", name), errno));
  if (::fchown(made.get(), identity.user_id, identity.group_id) != 0) return Fail(Error::FromErrno(fmt::format("chown {}", name), errno));
  if (::fchmod(made.get(), kFolderMode) != 0) return Fail(Error::FromErrno(fmt::format("chmod {}", name), errno));
  return {};
}

Result<UniqueFd> Lock(int folder, const std::string& path, DataUse use) {
  UniqueFd lock(use == DataUse::Serve ? ::openat(folder, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)
                                      : ::openat(folder, "runtimes", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!lock) return Fail(Error::FromErrno("lock " + path, errno));
  if (use == DataUse::Serve && ::fchmod(lock.get(), 0600) != 0) return Fail(Error::FromErrno("chmod lock", errno));
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
  for (const char* name : {"code", "logs", "runtimes"}) MF_TRY_VOID(MakeOwned(folder.get(), name, identity));
  if (use == DataUse::AddRuntimes) {
    MF_TRY(directory.lock, Lock(folder.get(), absolute, use));
  }
  directory.path = directory.real_path = absolute;
  if (::geteuid() == 0) {
    MF_TRY(directory.path, MountForMyself(absolute));
  }
  return directory;
}

Result<> CloseDataDirectory(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), ::closedir);
  if (!folder) return Fail(Error::FromErrno("open the data directory", errno));
  const int at = ::dirfd(folder.get());
  while (const dirent* entry = ::readdir(folder.get())) {
    struct stat status {};
    const std::string_view name = entry->d_name;
    if (name == "." || name == ".." || ::fstatat(at, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (status.st_uid != ::geteuid() || (status.st_mode & kOthersBits) == 0 || !(S_ISREG(status.st_mode) || S_ISDIR(status.st_mode))) continue;
    const UniqueFd file(::openat(at, entry->d_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file || ::fchmod(file.get(), status.st_mode & 0777 & ~kOthersBits) != 0) return Fail(Error::FromErrno(fmt::format("chmod {}", name), errno));
  }
  return {};
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

void SpareMe() {
  const UniqueFd score(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  constexpr std::string_view kLast = "-900";
  if (!score || ::write(score.get(), kLast.data(), kLast.size()) < 0) log::Debug("keep the daemon from being killed first: {}", std::strerror(errno));
}

void RaiseDescriptorLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace mayfly::daemon
