// SealingStore: a store before another one, in which rows of some tables and items of some queues lie sealed. Whoever uses it sees them as they
// were given; the file, its write-ahead log and copies of it do not.
//
// A row is bound to its table and key, an item to its queue. What was written before it was sealed is read as it stands, and sealed when it
// is written again. Keys, names, times and versions are not sealed. On the strand of the store; outlived by both.
// Costs a few microseconds for each row or item that is written or read.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "keyring/keyring.h"
#include "store/store.h"

namespace mayfly::keyring {

struct Sealed {
  std::set<std::string, std::less<>> tables;
  // Whether items that are appended to the queue now are sealed; null: none. Those that are leased say by themselves what they are.
  std::function<bool(std::string_view queue)> queues;
};
std::unique_ptr<store::Store> SealParts(store::Store& inner, const Keyring& keyring, Sealed sealed);

}  // namespace mayfly::keyring
