// Who files belong to inside a cage: root, as on AWS.
//
// Root of a cage is an id of the machine that owns nothing and that no process can become. Files on disk belong to the machine's root, or to
// the daemon's user: mounts of them are translated (idmapped mounts), so that they show root's id of the cage that looks. Nobody may do
// more with them for that: mounts stay read-only, and the function is an "other" user to them as before. Where a file system cannot be
// translated its files show as nobody's.
#pragma once

#include <map>
#include <string>

#include "base/fd.h"
#include "jail/house.h"

namespace mayfly::jail {

// A user namespace that nobody lives in: what an idmapped mount takes its map from. 0 or errno.
int MakeUserNamespace(const House& house, const std::string& user_lines, const std::string& group_lines, UniqueFd& made);
// Gives a detached mount, and those below it, the map. Not an error: a file system that has no such maps. 0 or errno.
int MapOwners(int mount, int user_namespace);
// In a mount namespace of its own: /template as the cages of that map see it. 0 or errno.
int MapTemplate(int user_namespace);

// The maps of all slots that have been in use; each is made once.
class Owners {
 public:
  struct Maps {
    UniqueFd machine;  // of files of the machine's root
    UniqueFd store;    // of packages
  };
  // nullptr: there are none on this machine, and files show as nobody's.
  const Maps* Find(const House& house, uint32_t slot, uint32_t first_user_id);

 private:
  std::map<uint32_t, Maps> maps_;
  bool unsupported_ = false;
};

}  // namespace mayfly::jail
