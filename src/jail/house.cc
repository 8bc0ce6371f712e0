#include "jail/house.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "jail/house_template.h"
#include "jail/kernel_files.h"

namespace mayfly::jail {
namespace {

// Covered by the house while it is built; the folders that the options name may lie below it, so they are cloned before.
constexpr const char* kBuildingSite = "/tmp";

struct Fixture {
  UniqueFd mount;
  std::string place;
};

std::string Failure(const std::string& what) { return what + ": " + strerror(errno); }

std::string CloneFixtures(const Options& options, std::vector<Fixture>& fixtures) {
  auto add = [&](const std::string& source, const std::string& place) {
    fixtures.push_back({CloneReadOnly(AT_FDCWD, source), place});
    return static_cast<bool>(fixtures.back().mount);
  };
  if (!add("/usr", "/template/usr")) return Failure("clone /usr");
  if (!add(options.runtime_dir, "/template/var/runtime")) return Failure("clone " + options.runtime_dir);
  if (!add(options.code_dir, "/store")) return Failure("clone " + options.code_dir);
  for (size_t index = 1; index < options.root_dirs.size(); ++index) {
    if (options.root_dirs[index].empty()) continue;
    if (!add(options.root_dirs[index], "/roots/" + std::to_string(index))) return Failure("clone " + options.root_dirs[index]);
  }
  return "";
}

std::string CloneFileSystems(const Options& options, std::vector<Fixture>& fixtures) {
  for (size_t index = 1; index < options.file_systems.size(); ++index) {
    const FileSystemOptions& file_system = options.file_systems[index];
    if (file_system.directory.empty()) continue;
    UniqueFd mount(open_tree(AT_FDCWD, file_system.directory.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
    mount_attr attributes{};
    attributes.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (file_system.read_only ? MOUNT_ATTR_RDONLY : 0);
    if (!mount || mount_setattr(mount.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0) return Failure("clone " + file_system.directory);
    fixtures.push_back({std::move(mount), "/file-systems/" + std::to_string(index)});
  }
  return "";
}

std::string MakePlaces(const std::vector<Fixture>& fixtures) {
  for (const Fixture& fixture : fixtures) {
    if (mkdir((kBuildingSite + fixture.place).c_str(), 0755) != 0 && errno != EEXIST) return Failure("make " + fixture.place);
  }
  return "";
}

std::string AttachFixtures(const std::vector<Fixture>& fixtures) {
  for (const Fixture& fixture : fixtures) {
    const std::string place = kBuildingSite + fixture.place;
    if (move_mount(fixture.mount.get(), "", AT_FDCWD, place.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0) return Failure("mount " + fixture.place);
  }
  return "";
}

int PivotInto(const char* folder) {
  if (chdir(folder) != 0) return errno;
  if (syscall(SYS_pivot_root, ".", ".") != 0) return errno;
  if (umount2(".", MNT_DETACH) != 0) return errno;
  return chdir("/") == 0 ? 0 : errno;
}

}  // namespace

UniqueFd CloneReadOnly(int folder, const std::string& path) {
  const int flags = path.empty() ? AT_EMPTY_PATH : 0;
  UniqueFd mount(open_tree(folder, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW | flags));
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
  if (mount && mount_setattr(mount.get(), "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof attributes) != 0) {
    const int error = errno;
    mount.Reset();
    errno = error;
  }
  return mount;
}

UniqueFd OpenPackage(const House& house, const uint8_t (&digest)[32]) {
  char name[65 + sizeof "/root"] = {};
  for (int i = 0; i < 32; ++i) {
    name[2 * i] = "0123456789abcdef"[digest[i] >> 4];
    name[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
  }
  memcpy(name + 64, "/root", sizeof "/root");
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
  return UniqueFd(static_cast<int>(syscall(SYS_openat2, house.store.get(), name, &how, sizeof how)));
}

int EnterTemplate(const char* place) { return PivotInto(place); }

int EnterImage(const char* place) {
  const UniqueFd root(open(place, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!root) return errno;
  for (const char* kept : {"/proc", "/dev", "/tmp", "/etc/resolv.conf", "/etc/hosts"}) {
    const UniqueFd mount(open_tree(AT_FDCWD, kept, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW));
    if (!mount) return errno;
    open_how how{};
    how.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
    const UniqueFd target(static_cast<int>(syscall(SYS_openat2, root.get(), kept + 1, &how, sizeof how)));
    if (!target) return errno;
    if (move_mount(mount.get(), "", target.get(), "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0) return errno;
  }
  return PivotInto(place);
}

std::string MoveIntoHouse(const Options& options, House& house) {
  house.proc.Reset(open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  house.init_program.Reset(open(options.init_path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!house.proc) return Failure("open /proc");
  if (!house.init_program) return Failure("open " + options.init_path);
  if (unshare(CLONE_NEWNS) != 0) return Failure("make a mount namespace");
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return Failure("keep mounts private");
  std::vector<Fixture> fixtures;
  std::vector<Fixture> file_systems;  // attached last: closing the template would make them read-only
  if (std::string failure = CloneFixtures(options, fixtures); !failure.empty()) return failure;
  if (std::string failure = CloneFileSystems(options, file_systems); !failure.empty()) return failure;
  if (mount("mayfly", kBuildingSite, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=32m") != 0) return Failure("mount the house");
  FindMasks(house);
  if (std::string failure = BuildTemplate(kBuildingSite); !failure.empty()) return failure;
  for (const char* folder : {"/entrance", "/nothing"}) {
    if (mkdir((std::string(kBuildingSite) + folder).c_str(), 0755) != 0) return Failure(std::string("make ") + folder);
  }
  if (std::string failure = MakePlaces(fixtures); !failure.empty()) return failure;
  if (std::string failure = MakePlaces(file_systems); !failure.empty()) return failure;
  if (std::string failure = AttachFixtures(fixtures); !failure.empty()) return failure;
  if (std::string failure = WriteResolverFile(kBuildingSite, options); !failure.empty()) return failure;
  if (std::string failure = LetShellBeBash(kBuildingSite); !failure.empty()) return failure;
  CopySmallFolders(ReadAt(house.proc.get(), "self/mountinfo"), kBuildingSite);
  if (std::string failure = CloseTemplate(kBuildingSite); !failure.empty()) return failure;
  if (std::string failure = AttachFixtures(file_systems); !failure.empty()) return failure;
  if (PivotInto(kBuildingSite) != 0) return Failure("enter the house");
  house.places = FindHousePlaces(ReadAt(house.proc.get(), "self/mountinfo"), "/template");
  if (house.places.empty()) fprintf(stderr, "mayfly-jail: no overlays here (%s): cages share the identity of the machine's files\n", strerror(errno));
  house.store.Reset(open("/store", O_PATH | O_DIRECTORY | O_CLOEXEC));
  house.mount_namespace.Reset(openat(house.proc.get(), "self/ns/mnt", O_RDONLY | O_CLOEXEC));
  house.network_namespace.Reset(openat(house.proc.get(), "self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!house.store || !house.mount_namespace || !house.network_namespace) return Failure("open the house");
  return "";
}

}  // namespace mayfly::jail
