// If this fails, a ciphertext that a client made up is opened, or read beyond its end.
#include "services/kms/ciphertext.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string secret(32, 's');
  const auto head = mayfly::kms::ReadHead(text);
  if (mayfly::kms::Decrypt(text, secret, {{"a", "b"}})) std::abort();
  if (!head) return 0;
  const std::string again = mayfly::kms::Encrypt(*head, secret, text, {});
  if (mayfly::kms::ReadHead(again) != head || mayfly::kms::Decrypt(again, secret, {}) != text) std::abort();
  return 0;
}
