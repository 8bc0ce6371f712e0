#include "resources/table_entry.h"

#include <cstring>
#include <new>

#include "base/result.h"
#include "store/store.h"

namespace mayfly::resources {

std::unique_ptr<char[]> TableEntry::Make(std::string_view key, std::string_view text, int64_t version) {
  static_assert(store::Batch::kKeyBytesMax < 1u << 14);
  MF_ASSERT(key.size() <= store::Batch::kKeyBytesMax && text.size() <= store::Batch::kValueBytesMax);
  MF_ASSERT(version >= 0 && version < int64_t{1} << 48);
  std::unique_ptr<char[]> bytes(new char[sizeof(Head) + key.size() + text.size()]);
  new (bytes.get()) Head{.text_bytes = static_cast<uint32_t>(text.size()),
                         .version_low = static_cast<uint32_t>(version),
                         .version_high = static_cast<uint16_t>(version >> 32),
                         .key_bytes = static_cast<uint16_t>(key.size() & 0x3fff),
                         .change = static_cast<uint16_t>(Change::None)};
  std::memcpy(bytes.get() + sizeof(Head), key.data(), key.size());
  if (!text.empty()) std::memcpy(bytes.get() + sizeof(Head) + key.size(), text.data(), text.size());
  return bytes;
}

}  // namespace mayfly::resources
