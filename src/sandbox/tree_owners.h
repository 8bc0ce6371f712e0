// Which account's cages have a tree (code, layers, a root) as it lies on the disk, and which need inodes of their own over it.
//
// Trees are named by their contents, so functions of several accounts may have the same one; locks and watches would be seen across them. The
// first account that has a tree in use has it as it is, at no price; cages of others get an overlay, each its own. One per pool, on its strand;
// an entry for each tree of a living cage.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/hash.h"

namespace mayfly::sandbox {

class TreeOwners {
 public:
  // A cage of `account` gets the tree. false: another account has it now; then nothing is to be given back.
  bool Take(const Sha256Digest& tree, std::string_view account);
  // Once for each Take that was true.
  void GiveBack(const Sha256Digest& tree);

 private:
  struct Owner {
    std::string account;
    int cages = 0;
  };
  std::map<Sha256Digest, Owner> owners_;
};

}  // namespace mayfly::sandbox
