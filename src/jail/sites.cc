#include "jail/sites.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

namespace mayfly::jail {
namespace {

// In a copy of the house's mounts: leaves nothing of them but the slot's root. 0 or errno.
int BuildSite(const House& house, const Owners::Maps* owners, UniqueFd& site) {
  if (owners != nullptr) {
    if (const int error = MapTemplate(owners->machine.get())) return error;
  }
  if (!house.places.empty()) {
    if (const int error = MakeOwnFiles(house.places, "/template", house.cage_root())) return error;
  }
  if (const int error = EnterTemplate(house.cage_root())) return error;
  site.Reset(openat(house.proc.get(), "self/ns/mnt", O_RDONLY | O_CLOEXEC));
  return site ? 0 : errno;
}

}  // namespace

void ReturnToHouse(const House& house) {
  if (setns(house.mount_namespace.get(), CLONE_NEWNS) == 0) return;
  fprintf(stderr, "mayfly-jail: lost its mount namespace: %s\n", strerror(errno));
  _exit(1);  // the kernel kills every cage with us
}

int Sites::Enter(const House& house, uint32_t slot, const Owners::Maps* owners) {
  UniqueFd& site = sites_[slot];
  if (site) return setns(site.get(), CLONE_NEWNS) == 0 ? 0 : errno;
  if (unshare(CLONE_NEWNS) != 0) return errno;
  const int error = BuildSite(house, owners, site);
  if (error != 0) ReturnToHouse(house);
  return error;
}

}  // namespace mayfly::jail
