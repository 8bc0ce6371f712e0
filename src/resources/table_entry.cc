#include "resources/table_entry.h"

#include <cstring>
#include <limits>
#include <new>

#include "base/result.h"

namespace mayfly::resources {

std::unique_ptr<char[]> TableEntry::Make(std::string_view key, std::string_view text) {
  MF_ASSERT(key.size() <= std::numeric_limits<unsigned short>::max() && text.size() <= std::numeric_limits<unsigned>::max());
  std::unique_ptr<char[]> bytes(new char[sizeof(Head) + key.size() + text.size()]);
  new (bytes.get()) Head{static_cast<unsigned>(text.size()), static_cast<unsigned short>(key.size()), Change::None};
  std::memcpy(bytes.get() + sizeof(Head), key.data(), key.size());
  if (!text.empty()) std::memcpy(bytes.get() + sizeof(Head) + key.size(), text.data(), text.size());
  return bytes;
}

}  // namespace mayfly::resources
