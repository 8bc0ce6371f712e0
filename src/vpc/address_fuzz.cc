// Any text is an address, or a block, or none; what is one is written as what is read again as the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "vpc/address.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto address = mayfly::vpc::ParseAddress(text)) MF_ASSERT(mayfly::vpc::ParseAddress(address->Text()) == address);
  if (const auto block = mayfly::vpc::ParseBlock(text)) {
    MF_ASSERT(mayfly::vpc::ParseBlock(block->Text()) == block);
    MF_ASSERT(block->Contains(block->base));
  }
  return 0;
}
