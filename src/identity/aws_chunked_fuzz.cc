// Feeds bytes as an aws-chunked body, whole and in pieces: both must end in the same way, and give no more than they got.
#include <cstddef>
#include <cstdint>

#include "identity/aws_chunked.h"
#include "identity/error_status.h"

namespace {

using namespace mayfly;
using namespace mayfly::identity;

struct Outcome {
  std::string bytes;
  std::string error;
  size_t trailers = 0;
  bool operator==(const Outcome&) const = default;
};

Outcome Decode(std::string_view body, const ChunkedBodyRules& rules, size_t piece_bytes) {
  AwsChunkedDecoder decoder(rules);
  Outcome outcome;
  Result<> result;
  for (; result && !body.empty(); body.remove_prefix(std::min(piece_bytes, body.size()))) result = decoder.Take(body.substr(0, piece_bytes), outcome.bytes);
  if (result) result = decoder.End();
  if (result) return outcome;
  MF_ASSERT(HttpStatusOf(result.error().code) != 0);
  outcome.bytes.clear();  // how much comes before an error depends on the pieces
  outcome.error = result.error().code;
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const size_t piece_bytes = 1 + data[0];
  const std::string_view body(reinterpret_cast<const char*>(data) + 2, size - 2);
  static constexpr PayloadMode kModes[] = {PayloadMode::StreamingSigned, PayloadMode::StreamingSignedTrailer, PayloadMode::StreamingUnsignedTrailer};
  ChunkedBodyRules rules{.mode = kModes[data[1] % 3], .signing = {}, .decoded_bytes = data[1] & 64 ? data[1] : -1, .announced_trailers = {}};
  if (data[1] & 128) rules.signing.emplace(Claim(), Sha256Digest{});
  const Outcome whole = Decode(body, rules, body.size() + 1);
  MF_ASSERT(whole.bytes.size() <= body.size());
  MF_ASSERT(Decode(body, rules, piece_bytes) == whole);
  return 0;
}
