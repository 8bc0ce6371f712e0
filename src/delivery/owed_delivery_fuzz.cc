// Stored deliveries: any bytes are read or refused, and what was read is written so that the same is read again.
#include <cstdint>

#include "delivery/owed_delivery.h"

using namespace mayfly;
using namespace mayfly::delivery;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto owed = DecodeDelivery(bytes);
  if (!owed) return 0;
  const std::string written = Encode(*owed);
  MF_ASSERT(written == bytes || bytes.front() != written.front());  // one of an old form gets the present one
  const auto again = DecodeDelivery(written);
  MF_ASSERT(again && Encode(*again) == written);
  return 0;
}
