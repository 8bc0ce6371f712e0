#include "identity/aws_chunked.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/text.h"
#include "identity/canonical.h"

namespace mayfly::identity {
namespace {

constexpr std::string_view kTrailerSignature = "x-amz-trailer-signature";

Error BadFraming(std::string_view what) {
  return Error::Service("InvalidChunkSizeError", fmt::format("The aws-chunked body is malformed: {}.", what));
}
Error BadTrailer(std::string_view what) {
  return Error::Service("MalformedTrailerError",
                        fmt::format("The request contained trailing data that was not well-formed: {}.", what));
}
Error BadSignature() {
  return Error::Service("SignatureDoesNotMatch",
                        "The request signature we calculated does not match the signature you provided. Check your key and "
                        "signing method.");
}
Error WrongLength() {
  return Error::Service("IncompleteBody", "You did not provide the number of bytes specified by the x-amz-decoded-content-length HTTP header.");
}

// Moves bytes up to and with a line feed from `bytes` to `line`, which gets all but that. True: the line is whole.
bool TakeLine(std::string_view& bytes, std::string& line) {
  const size_t end = bytes.find('\n');
  line.append(bytes.substr(0, end));
  bytes.remove_prefix(std::min(end, bytes.size() - 1) + 1);
  return end != std::string_view::npos;
}

}  // namespace

ChunkSigning::ChunkSigning(const Claim& claim, const Sha256Digest& signing_key)
    : previous_signature(claim.signature), amz_date(FormatAmzDate(claim.signed_at)), scope(claim.scope()), key(signing_key) {}

Result<> AwsChunkedDecoder::Take(std::string_view bytes, std::string& out) {
  while (!bytes.empty()) {
    if (phase_ == Phase::Data) {
      MF_TRY_VOID(TakeData(bytes, out));
      continue;
    }
    const bool whole = TakeLine(bytes, line_);
    if (phase_ != Phase::Trailers && line_.size() > kChunkHeadBytesMax) return Fail(BadFraming("a chunk head has no end"));
    if (trailer_bytes_ + line_.size() > kChunkedTrailerBytesMax) return Fail(BadTrailer("the trailers are too long"));
    if (!whole) return {};
    std::string line = std::exchange(line_, {});
    const bool has_return = line.ends_with('\r');
    if (has_return) line.pop_back();
    if (phase_ != Phase::Trailers && !has_return) return Fail(BadFraming("a line does not end with CR LF"));
    if (phase_ == Phase::Head) {
      MF_TRY_VOID(TakeHead(line));
    } else if (phase_ == Phase::Trailers) {
      MF_TRY_VOID(TakeTrailer(line));
    } else {
      if (!line.empty()) return Fail(BadFraming("a chunk does not end with CR LF"));
      phase_ = Phase::Head;
    }
  }
  return {};
}

Result<> AwsChunkedDecoder::End() {
  if (phase_ == Phase::Data) return Fail(WrongLength());
  if (phase_ != Phase::Trailers) return Fail(BadFraming("a chunk head has no end"));
  if (!line_.empty()) return Fail(BadTrailer("a line has no end"));
  if (rules_.decoded_bytes >= 0 && static_cast<uint64_t>(rules_.decoded_bytes) != decoded_) return Fail(WrongLength());
  return CheckTrailers();
}

Result<> AwsChunkedDecoder::TakeHead(std::string_view line) {
  const std::string_view size = line.substr(0, line.find(';'));
  const auto [stop, error] = std::from_chars(size.data(), size.data() + size.size(), chunk_left_, 16);
  if (error != std::errc() || stop != size.data() + size.size()) return Fail(BadFraming("a chunk has no size"));
  constexpr std::string_view kKey = ";chunk-signature=";
  const std::string_view rest = line.substr(size.size());
  chunk_signature_ = rest.starts_with(kKey) ? rest.substr(kKey.size()) : std::string_view();
  if (rules_.signing) chunk_hash_.emplace();
  phase_ = Phase::Data;
  if (chunk_left_ > 0) return {};
  phase_ = Phase::Trailers;
  return CheckChunk();
}

Result<> AwsChunkedDecoder::TakeData(std::string_view& bytes, std::string& out) {
  const std::string_view data = bytes.substr(0, static_cast<size_t>(std::min<uint64_t>(chunk_left_, bytes.size())));
  bytes.remove_prefix(data.size());
  decoded_ += data.size();
  if (rules_.decoded_bytes >= 0 && decoded_ > static_cast<uint64_t>(rules_.decoded_bytes)) return Fail(WrongLength());
  if (chunk_hash_) chunk_hash_->Update(data);
  out.append(data);
  chunk_left_ -= data.size();
  if (chunk_left_ > 0) return {};
  phase_ = Phase::DataEnd;
  return CheckChunk();
}

std::string AwsChunkedDecoder::Sign(std::string_view kind, std::string_view hashes) const {
  const ChunkSigning& signing = *rules_.signing;
  const std::string text = fmt::format("{}\n{}\n{}\n{}\n{}", kind, signing.amz_date, signing.scope, signing.previous_signature, hashes);
  return HexEncode(AsView(HmacSha256(AsView(signing.key), text)));
}

Result<> AwsChunkedDecoder::CheckChunk() {
  if (!rules_.signing) return {};
  const Sha256Digest hash = chunk_hash_->Finish();
  chunk_hash_.reset();
  std::string expected = Sign("AWS4-HMAC-SHA256-PAYLOAD", fmt::format("{}\n{}", kEmptyBodyHash, HexEncode(AsView(hash))));
  if (!EqualConstantTime(expected, chunk_signature_)) return Fail(BadSignature());
  rules_.signing->previous_signature = std::move(expected);
  return {};
}

// One line after the last chunk; some clients end them with LF alone. Empty ones say nothing.
Result<> AwsChunkedDecoder::TakeTrailer(std::string_view line) {
  if (line.empty()) return {};
  trailer_bytes_ += line.size();
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || !has_trailers()) return Fail(BadTrailer("unexpected bytes after the last chunk"));
  const std::string_view name = Trim(line.substr(0, colon)), value = Trim(line.substr(colon + 1));
  if (EqualIgnoringCase(name, kTrailerSignature)) {
    trailer_signature_ = value;
    return {};
  }
  if (trailers_.fields().size() >= kChunkedTrailersMax) return Fail(BadTrailer("too many trailers"));
  trailers_.Add(name, value);
  signed_trailers_.append(name).append(":").append(value).push_back('\n');
  return {};
}

Result<> AwsChunkedDecoder::CheckTrailers() const {
  for (const std::string_view announced : Split(rules_.announced_trailers, ',')) {
    const std::string_view name = Trim(announced);
    if (!name.empty() && trailers_.Find(name) == nullptr) return Fail(BadTrailer("an announced trailer is missing"));
  }
  if (!rules_.signing || rules_.mode != PayloadMode::StreamingSignedTrailer) return {};
  if (!EqualConstantTime(Sign("AWS4-HMAC-SHA256-TRAILER", Sha256Hex(signed_trailers_)), trailer_signature_)) return Fail(BadSignature());
  return {};
}

}  // namespace mayfly::identity
