// aws-chunked bodies: the framing inside the body that S3 clients use to sign (or checksum) while they stream.
//
//   <hex size>[;chunk-signature=<hex>]\r\n <data> \r\n … 0[;chunk-signature=<hex>]\r\n [name:value\r\n …] \r\n
//
// Pure function, any thread. The result is never larger than the input.
#pragma once

#include <string>
#include <string_view>

#include "base/hash.h"
#include "base/result.h"
#include "identity/sigv4.h"
#include "net/http_message.h"

namespace mayfly::identity {

inline constexpr size_t kChunkedTrailersMax = 16;

struct ChunkedBody {
  std::string bytes;
  http::Headers trailers;  // without x-amz-trailer-signature
};

struct ChunkedBodyRules {
  PayloadMode mode = PayloadMode::StreamingUnsignedTrailer;  // one of the streaming ones
  const Claim* claim = nullptr;                              // its signature is the first link of the chain
  Sha256Digest signing_key{};                                // SignatureVerifier::SigningKey; unused when unsigned
  int64_t decoded_bytes = -1;                                // x-amz-decoded-content-length; -1 when not announced
  std::string_view announced_trailers;                       // x-amz-trailer: names, divided by commas; each must come
};

// Errors: InvalidChunkSizeError (framing), SignatureDoesNotMatch (a chunk or the trailer), IncompleteBody (another length than
// announced), MalformedTrailerError.
Result<ChunkedBody> DecodeAwsChunked(std::string_view body, const ChunkedBodyRules& rules);

}  // namespace mayfly::identity
