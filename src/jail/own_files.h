// Files of their own identity for each slot, so for each cage that lives, with the contents of the house's.
//
// Cages see the same files of the machine. What the kernel ties to a file and not to its reader (locks by flock and fcntl, watches by
// inotify and by directory) would tell a function when the machine or another cage opens it, and let two of them signal to each
// other. So a cage gets, instead of the house's mounts, overlays of them without an upper layer: other inodes over the same pages of
// memory. Each costs some 50 µs, and more when it ends: they are made once for a slot (sites.h). Folders of /etc are small: those
// are copied once, when the jail starts, and come with the root's overlay.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"

namespace mayfly::jail {

// A mount of the template.
struct HousePlace {
  std::string path;  // below the template: "" is its root
  bool is_overlaid;  // else a copy of the mount: a file, or what cannot be overlaid
  bool has_devices;
};

// The mounts below `house_template` that were not copied, outer ones first, each tried once. Empty when this machine has no overlays (or the root is one of one
// already): then cages share the identity of files, as docs/security.md says.
std::vector<HousePlace> FindHousePlaces(std::string_view mountinfo, const std::string& house_template);

// While the house is built at `site`: copies the folders that are mounted in the template's /etc to site/copies. What is too large, or cannot
// be copied, stays a mount.
void CopySmallFolders(std::string_view mountinfo, const std::string& site);

// In a mount namespace of its own: builds the template anew at `entrance`. 0 or errno.
int MakeOwnFiles(const std::vector<HousePlace>& places, const std::string& house_template, const char* entrance);

// In a cage's mount namespace, before its root is another one than the template: `tree`, a detached mount for `place`, becomes an overlay of
// itself. Where that cannot be it stays as it is.
void GiveOwnInodes(UniqueFd& tree, const char* place);

}  // namespace mayfly::jail
