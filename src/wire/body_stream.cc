#include "wire/body_stream.h"

namespace mayfly::wire {
namespace {

Task<Result<>> Copy(Context& ctx, http::BodyWriter& body, BlobStream stream) {
  for (;;) {
    MF_CO_TRY(const std::string piece, co_await stream.Read(ctx));
    if (piece.empty()) co_return Result<>();
    MF_CO_TRY_VOID(co_await body.Write(ctx, piece));
  }
}

}  // namespace

Task<Result<std::string>> BlobStream::Read(Context& ctx) {
  if (whole()) co_return Take();
  co_return co_await reader_->Read(ctx);
}

const http::Headers& BlobStream::trailers() const {
  static const http::Headers kNone;
  return reader_ ? reader_->trailers() : kNone;
}

std::move_only_function<Task<Result<>>(Context&, http::BodyWriter&)> WriteBlob(BlobStream stream) {
  return [stream = std::move(stream)](Context& ctx, http::BodyWriter& body) mutable { return Copy(ctx, body, std::move(stream)); };
}

}  // namespace mayfly::wire
