#include "jail/own_files.h"

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

// A detached overlay of one folder; on failure empty, with errno.
UniqueFd MakeOverlay(const std::string& folder, uint64_t attributes) {
  const UniqueFd context(fsopen("overlay", FSOPEN_CLOEXEC));
  if (!context) return {};
  const std::string layers = folder + ":" + kEmptyFolder;
  if (fsconfig(context.get(), FSCONFIG_SET_STRING, "lowerdir", layers.c_str(), 0) != 0) return {};
  if (fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) return {};
  return UniqueFd(fsmount(context.get(), FSMOUNT_CLOEXEC, static_cast<unsigned>(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | attributes)));
}

UniqueFd MakeMount(const std::string& source, const HousePlace& place) {
  if (place.is_overlaid) return MakeOverlay(source, place.has_devices ? MOUNT_ATTR_NOEXEC : MOUNT_ATTR_NODEV);
  return UniqueFd(open_tree(AT_FDCWD, source.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW));
}

}  // namespace

std::vector<HousePlace> FindHousePlaces(std::string_view mountinfo, const std::string& house_template) {
  std::vector<HousePlace> places;
  while (!mountinfo.empty()) {
    const std::string_view line = mountinfo.substr(0, mountinfo.find('\n'));
    mountinfo.remove_prefix(std::min(line.size() + 1, mountinfo.size()));
    std::string_view mount_point = line;
    for (int field = 0; field < 4; ++field) mount_point.remove_prefix(std::min(mount_point.find(' ') + 1, mount_point.size()));
    mount_point = mount_point.substr(0, mount_point.find(' '));
    if (!mount_point.starts_with(house_template)) continue;
    const std::string_view below = mount_point.substr(house_template.size());
    if (!below.empty() && !below.starts_with('/')) continue;
    HousePlace place{std::string(below), true, below == "/dev"};
    struct stat status{};
    const std::string path(mount_point);
    const bool plain = path.find_first_of(":\\,") == std::string::npos && stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
    place.is_overlaid = plain && MakeMount(path, place);
    if (!place.is_overlaid && S_ISDIR(status.st_mode)) fprintf(stderr, "mayfly-jail: cages share the files of %s: %s\n", path.c_str(), strerror(errno));
    places.push_back(std::move(place));
  }
  std::sort(places.begin(), places.end(), [](const HousePlace& one, const HousePlace& other) { return one.path < other.path; });
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

int OverlayInPlace(const char* place) {
  const UniqueFd mount = MakeOverlay(place, MOUNT_ATTR_NODEV);
  if (!mount) return errno;
  return move_mount(mount.get(), "", AT_FDCWD, place, MOVE_MOUNT_F_EMPTY_PATH) == 0 ? 0 : errno;
}

}  // namespace mayfly::jail
