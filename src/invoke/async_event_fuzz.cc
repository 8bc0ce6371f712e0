// Stored events: any bytes are read or refused, and what was read is written as it was.
#include <cstdint>

#include "invoke/async_event.h"

using namespace mayfly;
using namespace mayfly::invoke;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto event = DecodeEvent(bytes)) MF_ASSERT(Encode(*event) == bytes);
  return 0;
}
