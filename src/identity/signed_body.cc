#include "identity/signed_body.h"

#include "base/encoding.h"
#include "base/hash.h"

namespace mayfly::identity {
namespace {

class WholeBody final : public http::BodyReader {
 public:
  explicit WholeBody(std::string bytes) : bytes_(std::move(bytes)) {}
  Task<Result<std::string>> Read(Context&) override { co_return std::exchange(bytes_, {}); }
  const http::Headers& trailers() const override { return none_; }

 private:
  std::string bytes_;
  http::Headers none_;
};

class HashedBody final : public http::BodyReader {
 public:
  HashedBody(std::unique_ptr<http::BodyReader> body, std::string sha256_hex, Error mismatch)
      : body_(std::move(body)), sha256_hex_(std::move(sha256_hex)), mismatch_(std::move(mismatch)) {}

  Task<Result<std::string>> Read(Context& ctx) override {
    if (ended_) co_return std::string();
    MF_CO_TRY(std::string piece, co_await body_->Read(ctx));
    hash_.Update(piece);
    ended_ = piece.empty();
    if (ended_ && HexEncode(AsView(hash_.Finish())) != sha256_hex_) co_return Fail(mismatch_);
    co_return piece;
  }
  const http::Headers& trailers() const override { return body_->trailers(); }

 private:
  std::unique_ptr<http::BodyReader> body_;
  std::string sha256_hex_;
  Error mismatch_;
  Sha256Stream hash_;
  bool ended_ = false;
};

class UnchunkedBody final : public http::BodyReader {
 public:
  UnchunkedBody(std::unique_ptr<http::BodyReader> body, ChunkedBodyRules rules) : body_(std::move(body)), decoder_(std::move(rules)) {}

  Task<Result<std::string>> Read(Context& ctx) override {
    std::string out;
    while (out.empty() && !ended_) {
      MF_CO_TRY(const std::string piece, co_await body_->Read(ctx));
      ended_ = piece.empty();
      if (ended_) MF_CO_TRY_VOID(decoder_.End());
      else MF_CO_TRY_VOID(decoder_.Take(piece, out));
    }
    co_return out;
  }
  const http::Headers& trailers() const override { return decoder_.trailers(); }

 private:
  std::unique_ptr<http::BodyReader> body_;
  AwsChunkedDecoder decoder_;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<http::BodyReader> TakeBody(http::Request& request) {
  if (request.body_reader) return std::move(request.body_reader);
  return std::make_unique<WholeBody>(std::exchange(request.body, {}));
}

std::unique_ptr<http::BodyReader> CheckHash(std::unique_ptr<http::BodyReader> body, std::string sha256_hex, Error mismatch) {
  return std::make_unique<HashedBody>(std::move(body), std::move(sha256_hex), std::move(mismatch));
}

std::unique_ptr<http::BodyReader> Unchunk(std::unique_ptr<http::BodyReader> body, ChunkedBodyRules rules) {
  return std::make_unique<UnchunkedBody>(std::move(body), std::move(rules));
}

}  // namespace mayfly::identity
