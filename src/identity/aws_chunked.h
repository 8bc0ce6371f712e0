// aws-chunked bodies: the framing inside the body that S3 clients use to sign (or checksum) while they stream.
//
//   <hex size>[;chunk-signature=<hex>]\r\n <data> \r\n … 0[;chunk-signature=<hex>]\r\n [name:value\r\n …] \r\n
//
// A decoder belongs to one body and one strand. Bounds: a chunk's head of kChunkHeadBytesMax, trailers of kChunkedTrailersMax and
// kChunkedTrailerBytesMax; data is passed on as it comes, so a chunk may have any size.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "base/result.h"
#include "identity/sigv4.h"
#include "net/http_message.h"

namespace mayfly::identity {

inline constexpr size_t kChunkHeadBytesMax = 256;
inline constexpr size_t kChunkedTrailersMax = 16;
inline constexpr size_t kChunkedTrailerBytesMax = 8 * 1024;

// What signs the chunks: each signature covers the one before, and the first is the request's own.
struct ChunkSigning {
  ChunkSigning(const Claim& claim, const Sha256Digest& signing_key);

  std::string previous_signature;
  std::string amz_date;
  std::string scope;
  Sha256Digest key;  // SignatureVerifier::SigningKey
};

struct ChunkedBodyRules {
  PayloadMode mode = PayloadMode::StreamingUnsignedTrailer;  // one of the streaming ones
  std::optional<ChunkSigning> signing;                       // without one no signature is looked at
  int64_t decoded_bytes = -1;                                // x-amz-decoded-content-length; -1 when not announced
  std::string announced_trailers;                            // x-amz-trailer: names, divided by commas; each must come
};

class AwsChunkedDecoder {
 public:
  explicit AwsChunkedDecoder(ChunkedBodyRules rules) : rules_(std::move(rules)) {}

  // Appends to `out` what of the body `bytes` holds. Data is given before the signature of its chunk has come: only after End() all of it
  // is known to be right. Errors: InvalidChunkSizeError (framing), SignatureDoesNotMatch (a chunk), IncompleteBody (more than announced),
  // MalformedTrailerError. After an error the decoder is done with.
  Result<> Take(std::string_view bytes, std::string& out);
  // No more bytes will come. Errors: as Take; SignatureDoesNotMatch (the trailer); IncompleteBody (less than announced, or than a chunk's
  // head says).
  Result<> End();

  // After End(), without x-amz-trailer-signature.
  const http::Headers& trailers() const { return trailers_; }

 private:
  enum class Phase : unsigned char { Head, Data, DataEnd, Trailers };

  bool has_trailers() const { return rules_.mode != PayloadMode::StreamingSigned; }
  Result<> TakeHead(std::string_view line);
  Result<> TakeData(std::string_view& bytes, std::string& out);
  Result<> TakeTrailer(std::string_view line);
  Result<> CheckChunk();
  Result<> CheckTrailers() const;
  std::string Sign(std::string_view kind, std::string_view hashes) const;

  ChunkedBodyRules rules_;
  Phase phase_ = Phase::Head;
  std::string line_;  // of a head, of the end of a chunk, or of a trailer, as far as it has come
  uint64_t chunk_left_ = 0;
  std::string chunk_signature_;
  std::optional<Sha256Stream> chunk_hash_;
  uint64_t decoded_ = 0;
  size_t trailer_bytes_ = 0;
  http::Headers trailers_;
  std::string signed_trailers_;
  std::string trailer_signature_;
};

}  // namespace mayfly::identity
