#include "net/http_body.h"

#include <algorithm>

namespace mayfly::http {
namespace {

Error BodyFault(const char* code, const char* message) {
  Error error = Error::Fault(message);
  error.code = code;
  return error;
}

}  // namespace

BodySource::BodySource(std::shared_ptr<net::Stream> stream, const Framing& framing, const BodyLimits& limits, Duration stall)
    : stream_(std::move(stream)),
      decoder_(framing, limits),
      stall_(stall),
      // A trailer section must fit whole; 1 KiB more is room for the line before it.
      buffer_bytes_max_(std::max(net::Stream::kBufferBytesBulk, limits.trailer_bytes_max + 1024)) {}

void BodySource::TakeAvailable(std::string& body) {
  const size_t bytes_before = body.size();
  while (body.size() - bytes_before < kPieceBytes) {
    const BodyDecoder::Step step = decoder_.Next(stream_->input());
    body.append(step.piece);
    stream_->Consume(step.consumed);
    if (step.state != BodyDecoder::State::Piece) return;
  }
}

Task<Result<std::string>> BodySource::ReadPiece() {
  const std::shared_ptr<net::Stream> stream = stream_;
  std::string piece;
  for (;;) {
    if (detached_) co_return Fail(Error::Cancelled());
    TakeAvailable(piece);
    if (!piece.empty() || decoder_.ended()) co_return piece;
    if (decoder_.failed()) {
      if (decoder_.Next({}).state == BodyDecoder::State::TooLarge) co_return Fail(BodyFault("BodyTooLarge", "the body is larger than allowed"));
      co_return Fail(BodyFault("MalformedBody", "the framing of the body is broken"));
    }
    const TimePoint until = stall_ == Duration::max() ? TimePoint::max() : stream->loop().Now() + stall_;
    switch (co_await stream->MoreInput(until, buffer_bytes_max_)) {
      case net::Stream::Wake::Data: break;
      case net::Stream::Wake::Timeout: co_return Fail(BodyFault("BodyTimeout", "no byte of the body has come for too long"));
      case net::Stream::Wake::End:
        if (stream->failure().empty() && !stream->closed()) decoder_.EndOfInput();
        if (!decoder_.ended()) co_return Fail(Error::Cancelled());
    }
  }
}

}  // namespace mayfly::http
