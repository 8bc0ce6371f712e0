// Feeds session tokens to what opens them: none that we did not issue may open, and none may hurt.
#include <cstddef>
#include <cstdint>

#include "base/encoding.h"
#include "identity/session_keys.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mayfly;
  static SeededRandom random(7);
  static identity::SessionKeys keys(std::string(32, 'k'), random);
  static const identity::AccessKey issued =
      keys.Issue("123456789012", "arn:aws:sts::123456789012:assumed-role/r/f", WallTime(std::chrono::seconds(2'000'000'000)), identity::KeyReach::Everywhere);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)keys.Open("ASIAXXXXXXXXXXXXXXXX", text);
  MF_ASSERT(!keys.Open(issued.access_key_id, text) || Base64Decode(text) == Base64Decode(issued.session_token));
  // Changes to a good token, at the places that the input names.
  std::string bytes = *Base64Decode(issued.session_token);
  const std::string original = bytes;
  for (size_t i = 0; i + 1 < size; i += 2) bytes[data[i] % bytes.size()] ^= static_cast<char>(data[i + 1]);
  MF_ASSERT(bytes == original || !keys.Open(issued.access_key_id, Base64Encode(bytes)));
  return 0;
}
