// Feeds bytes to the reader of S3's refusals: what it finds is short text that may go into an answer.
#include <cstddef>
#include <cstdint>

#include "base/encoding.h"
#include "packages/s3_endpoint.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mayfly;
  const auto refusal = ParseS3Refusal({reinterpret_cast<const char*>(data), size});
  MF_ASSERT(refusal.code.size() <= 1024 && refusal.message.size() <= 1024);
  MF_ASSERT(IsValidUtf8(refusal.code) && IsValidUtf8(refusal.message));
  return 0;
}
