#include "identity/aws_chunked.h"

#include <charconv>

#include <fmt/format.h>

#include "base/encoding.h"
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

struct ChunkHead {
  size_t data_bytes = 0;
  std::string_view signature;
};

class Decoder {
 public:
  Decoder(std::string_view body, const ChunkedBodyRules& rules)
      : rest_(body), rules_(&rules), previous_signature_(rules.claim ? rules.claim->signature : "") {}

  Result<ChunkedBody> Decode() {
    for (;;) {
      MF_TRY(const ChunkHead head, TakeHead());
      if (head.data_bytes > rest_.size()) return Fail(Error::Service("IncompleteBody", kShortBody));
      const std::string_view data = Take(head.data_bytes);
      MF_TRY_VOID(CheckChunk(head, data));
      if (head.data_bytes == 0) break;
      if (!rest_.starts_with("\r\n")) return Fail(BadFraming("a chunk does not end with CR LF"));
      rest_.remove_prefix(2);
      out_.bytes.append(data);
    }
    MF_TRY_VOID(TakeTrailers());
    if (rules_->decoded_bytes >= 0 && static_cast<uint64_t>(rules_->decoded_bytes) != out_.bytes.size()) {
      return Fail(Error::Service("IncompleteBody", kShortBody));
    }
    return std::move(out_);
  }

 private:
  static constexpr const char* kShortBody =
      "You did not provide the number of bytes specified by the x-amz-decoded-content-length HTTP header.";

  bool is_signed() const { return rules_->mode != PayloadMode::StreamingUnsignedTrailer; }
  bool has_trailers() const { return rules_->mode != PayloadMode::StreamingSigned; }

  std::string_view Take(size_t count) {
    const std::string_view piece = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return piece;
  }

  Result<ChunkHead> TakeHead() {
    const size_t end = rest_.substr(0, 256).find("\r\n");
    if (end == std::string_view::npos) return Fail(BadFraming("a chunk head has no end"));
    const std::string_view line = Take(end);
    rest_.remove_prefix(2);
    ChunkHead head;
    const std::string_view size = line.substr(0, line.find(';'));
    const auto [stop, error] = std::from_chars(size.data(), size.data() + size.size(), head.data_bytes, 16);
    if (error != std::errc() || stop != size.data() + size.size()) return Fail(BadFraming("a chunk has no size"));
    constexpr std::string_view kKey = ";chunk-signature=";
    if (line.substr(size.size()).starts_with(kKey)) head.signature = line.substr(size.size() + kKey.size());
    return head;
  }

  std::string Sign(std::string_view kind, std::string_view hashes) const {
    const std::string text = fmt::format("{}\n{}\n{}\n{}\n{}", kind, FormatAmzDate(rules_->claim->signed_at),
                                         rules_->claim->scope(), previous_signature_, hashes);
    return HexEncode(AsView(HmacSha256(AsView(rules_->signing_key), text)));
  }

  Result<> CheckChunk(const ChunkHead& head, std::string_view data) {
    if (!is_signed()) return {};
    std::string expected = Sign("AWS4-HMAC-SHA256-PAYLOAD", fmt::format("{}\n{}", kEmptyBodyHash, Sha256Hex(data)));
    if (!EqualConstantTime(expected, head.signature)) return Fail(BadSignature());
    previous_signature_ = std::move(expected);
    return {};
  }

  // Lines up to an empty one; some clients end them with LF alone.
  Result<> TakeTrailers() {
    std::string signed_text;
    std::string signature;
    while (!rest_.empty()) {
      const size_t end = rest_.find('\n');
      if (end == std::string_view::npos) return Fail(BadTrailer("a line has no end"));
      std::string_view line = Take(end);
      rest_.remove_prefix(1);
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line.empty()) continue;
      const size_t colon = line.find(':');
      if (colon == std::string_view::npos || !has_trailers()) return Fail(BadTrailer("unexpected bytes after the last chunk"));
      const std::string_view name = Trim(line.substr(0, colon)), value = Trim(line.substr(colon + 1));
      if (http::EqualIgnoringCase(name, kTrailerSignature)) {
        signature = value;
        continue;
      }
      if (out_.trailers.fields().size() >= kChunkedTrailersMax) return Fail(BadTrailer("too many trailers"));
      out_.trailers.Add(name, value);
      signed_text.append(name).append(":").append(value).push_back('\n');
    }
    return CheckTrailers(signed_text, signature);
  }

  Result<> CheckTrailers(std::string_view signed_text, std::string_view signature) const {
    for (const std::string_view announced : Split(rules_->announced_trailers, ',')) {
      const std::string_view name = Trim(announced);
      if (!name.empty() && out_.trailers.Find(name) == nullptr) return Fail(BadTrailer("an announced trailer is missing"));
    }
    if (rules_->mode != PayloadMode::StreamingSignedTrailer) return {};
    if (!EqualConstantTime(Sign("AWS4-HMAC-SHA256-TRAILER", Sha256Hex(signed_text)), signature)) return Fail(BadSignature());
    return {};
  }

  std::string_view rest_;
  const ChunkedBodyRules* rules_;
  std::string previous_signature_;
  ChunkedBody out_;
};

}  // namespace

Result<ChunkedBody> DecodeAwsChunked(std::string_view body, const ChunkedBodyRules& rules) {
  MF_ASSERT(rules.mode == PayloadMode::StreamingUnsignedTrailer || rules.claim != nullptr);
  return Decoder(body, rules).Decode();
}

}  // namespace mayfly::identity
