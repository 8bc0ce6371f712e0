#include "sandbox/tree_owners.h"

#include "base/result.h"

namespace mayfly::sandbox {

bool TreeOwners::Take(const Sha256Digest& tree, std::string_view account) {
  const auto [owner, is_new] = owners_.try_emplace(tree);
  if (is_new) owner->second.account = account;
  if (owner->second.account != account) return false;
  ++owner->second.cages;
  return true;
}

void TreeOwners::GiveBack(const Sha256Digest& tree) {
  const auto owner = owners_.find(tree);
  MF_ASSERT(owner != owners_.end() && owner->second.cages > 0);
  if (--owner->second.cages == 0) owners_.erase(owner);
}

}  // namespace mayfly::sandbox
