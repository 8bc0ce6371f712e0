// If this fails, bytes that nobody has sealed are opened, or read beyond their end.
#include "keyring/sealing.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string key(mayfly::keyring::kKeyBytes, 'k');
  if (mayfly::keyring::OpenSealed(key, {reinterpret_cast<const char*>(data), size}, "context")) std::abort();
  return 0;
}
