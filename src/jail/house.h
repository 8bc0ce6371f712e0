// The jail's own mount namespace: what cages are made from, and nothing else of the machine.
//
//   /template    the root of every cage: /usr and the interpreters' needs, read-only; in its /tmp, where a cage has a mount of its own, what
//                covers parts of /proc
//   /roots/N     interpreters outside /usr (bound at /var/lang)
//   /file-systems/N  directories that functions may be given, each a mount of its own
//   /store       the code store; cages see single packages of it
//   /copies      folders of /etc, copied when the jail starts
//   /entrance    where a slot's copy of the template is built (own_files.h); /nothing is empty
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "jail/jail_options.h"
#include "jail/own_files.h"

namespace mayfly::jail {

struct House {
  UniqueFd proc;             // the machine's /proc, for id maps
  UniqueFd mount_namespace;  // our own, to come back to
  UniqueFd network_namespace;
  UniqueFd store;            // /store
  UniqueFd init_program;
  std::vector<std::string> masked_files;    // names in /proc to cover
  std::vector<std::string> masked_folders;
  std::vector<HousePlace> places;  // mounts that each slot has of its own; none: the template's

  // Where a slot's root is built.
  const char* cage_root() const { return places.empty() ? "/template" : "/entrance"; }
};

// Moves this process into the house. "" or what went wrong. Needs CAP_SYS_ADMIN; call once, single-threaded.
std::string MoveIntoHouse(const Options& options, House& house);

// Makes /template (or /entrance) the root of the calling process and drops everything else. 0 or errno. In a mount namespace of its own.
int EnterTemplate(const char* place = "/template");

// A detached, read-only, nosuid, nodev copy of a folder's mount. On failure empty, with errno.
UniqueFd CloneReadOnly(int folder, const std::string& path);
// Makes the image that is mounted at `place` the root of the calling process's mount namespace, and of whoever runs in there
// with the present root; /proc, /dev, /tmp, /etc/resolv.conf and /etc/hosts go along. Nothing of the image is followed. 0 or errno;
// on failure the namespace is of no use any more.
int EnterImage(const char* place);
// The folder of a package, opened without following any link. On failure empty, with errno: ENOENT, ENOTDIR, ELOOP.
UniqueFd OpenPackage(const House& house, const uint8_t (&digest)[32]);

}  // namespace mayfly::jail
