#include "jail/own_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "base/fd.h"

namespace mayfly::jail {
namespace {

constexpr const char* kEmptyFolder = "/nothing";  // an overlay without an upper layer has two lower ones
constexpr const char* kCopies = "/copies";
constexpr size_t kCopiedBytesMax = 8 << 20;
constexpr int kCopiedDepthMax = 8;

// Where the mounts of this namespace are.
std::vector<std::string> MountPoints(std::string_view mountinfo) {
  std::vector<std::string> points;
  while (!mountinfo.empty()) {
    std::string_view line = mountinfo.substr(0, mountinfo.find('\n'));
    mountinfo.remove_prefix(std::min(line.size() + 1, mountinfo.size()));
    for (int field = 0; field < 4; ++field) line.remove_prefix(std::min(line.find(' ') + 1, line.size()));
    points.emplace_back(line.substr(0, line.find(' ')));
  }
  std::sort(points.begin(), points.end());  // outer ones first, in whatever order they were made
  return points;
}

bool IsFolder(const std::string& path) {
  struct stat status{};
  return lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

bool CopyFile(int from, int to, const char* name, const struct stat& status, size_t& bytes_left) {
  const auto size = static_cast<size_t>(status.st_size);
  if (size > bytes_left) return false;
  bytes_left -= size;
  const UniqueFd source(openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  const UniqueFd target(openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!source || !target) return false;
  std::string bytes(size, 0);
  return read(source.get(), bytes.data(), size) == static_cast<ssize_t>(size) &&
         write(target.get(), bytes.data(), size) == static_cast<ssize_t>(size) && fchmod(target.get(), status.st_mode & 0755) == 0;
}

// Folders, files and links. false: something else is there, or it is too much.
bool CopyTree(int from, int to, int depth, size_t& bytes_left) {
  const int listed = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* listing = listed < 0 ? nullptr : fdopendir(listed);
  bool copied = listing != nullptr && depth > 0;
  while (const dirent* entry = copied ? readdir(listing) : nullptr) {
    const char* name = entry->d_name;
    struct stat status{};
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
    if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
      copied = false;
    } else if (S_ISREG(status.st_mode)) {
      copied = CopyFile(from, to, name, status, bytes_left);
    } else if (S_ISLNK(status.st_mode)) {
      char link[4096] = {};
      copied = readlinkat(from, name, link, sizeof link - 1) > 0 && symlinkat(link, to, name) == 0;
    } else {
      const UniqueFd inner(openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (inner && mkdirat(to, name, 0755) == 0) {
        const UniqueFd copy(openat(to, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        copied = copy && fchmod(copy.get(), 0755) == 0 && CopyTree(inner.get(), copy.get(), depth - 1, bytes_left);
      } else {
        copied = false;
      }
    }
  }
  if (listing != nullptr) closedir(listing);
  return copied;
}

// A detached overlay of two folders; on failure empty, with errno.
UniqueFd MakeOverlay(const std::string& folder, const char* below, uint64_t attributes) {
  const UniqueFd context(fsopen("overlay", FSOPEN_CLOEXEC));
  if (!context) return {};
  const std::string layers = folder + ":" + below;
  if (fsconfig(context.get(), FSCONFIG_SET_STRING, "lowerdir", layers.c_str(), 0) != 0) return {};
  if (fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) return {};
  return UniqueFd(fsmount(context.get(), FSMOUNT_CLOEXEC, static_cast<unsigned>(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | attributes)));
}

UniqueFd MakeMount(const std::string& source, const HousePlace& place) {
  const char* below = place.path.empty() ? kCopies : kEmptyFolder;
  if (place.is_overlaid) return MakeOverlay(source, below, place.has_devices ? MOUNT_ATTR_NOEXEC : MOUNT_ATTR_NODEV);
  return UniqueFd(open_tree(AT_FDCWD, source.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW));
}

}  // namespace

void CopySmallFolders(std::string_view mountinfo, const std::string& site) {
  const std::string house_template = site + "/template";
  const std::string copies = site + kCopies;
  size_t bytes_left = kCopiedBytesMax;
  if (mkdir(copies.c_str(), 0755) != 0) return;
  for (const std::string& point : MountPoints(mountinfo)) {
    if (!point.starts_with(house_template + "/etc/") || !IsFolder(point)) continue;
    const std::string unfinished = site + "/unfinished";
    if (mkdir(unfinished.c_str(), 0755) != 0) return;  // what could not be copied before is still there: the rest stays mounts, too
    const UniqueFd from(open(point.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const UniqueFd to(open(unfinished.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!from || !to || !CopyTree(from.get(), to.get(), kCopiedDepthMax, bytes_left)) return;
    const std::string place = point.substr(house_template.size());
    for (size_t slash = place.find('/', 1); slash != std::string::npos; slash = place.find('/', slash + 1)) {
      mkdir((copies + place.substr(0, slash)).c_str(), 0755);
    }
    if (rename(unfinished.c_str(), (copies + place).c_str()) != 0) return;
  }
}

std::vector<HousePlace> FindHousePlaces(std::string_view mountinfo, const std::string& house_template) {
  std::vector<HousePlace> places;
  for (const std::string& path : MountPoints(mountinfo)) {
    const std::string below = path.starts_with(house_template) ? path.substr(house_template.size()) : "none";
    if (!below.empty() && (!below.starts_with('/') || IsFolder(kCopies + below))) continue;
    HousePlace place{below, true, below == "/dev"};
    const bool is_folder = IsFolder(path);
    place.is_overlaid = is_folder && path.find_first_of(":\\,") == std::string::npos && MakeMount(path, place);
    if (!place.is_overlaid && is_folder) fprintf(stderr, "mayfly-jail: cages share the files of %s: %s\n", path.c_str(), strerror(errno));
    places.push_back(std::move(place));
  }
  if (places.empty() || !places.front().path.empty() || !places.front().is_overlaid) return {};  // all hang on the root
  return places;
}

int MakeOwnFiles(const std::vector<HousePlace>& places, const std::string& house_template, const char* entrance) {
  for (const HousePlace& place : places) {
    const UniqueFd mount = MakeMount(house_template + place.path, place);
    if (!mount) return errno;
    const std::string target = entrance + place.path;
    if (move_mount(mount.get(), "", AT_FDCWD, target.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0) return errno;
  }
  return 0;
}

// An overlay is made of paths, and keeps the owners that the mount below it shows.
void GiveOwnInodes(UniqueFd& tree, const char* place) {
  constexpr const char* kEmptyInCage = "/var/tmp";  // of the template, read-only
  if (move_mount(tree.get(), "", AT_FDCWD, place, MOVE_MOUNT_F_EMPTY_PATH) != 0) return;
  UniqueFd overlay = MakeOverlay(place, kEmptyInCage, MOUNT_ATTR_NODEV);
  if (!overlay) fprintf(stderr, "mayfly-jail: accounts share the files of %s: %s\n", place, strerror(errno));
  if (!overlay) overlay.Reset(open_tree(AT_FDCWD, place, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE));
  tree = std::move(overlay);
}

}  // namespace mayfly::jail
