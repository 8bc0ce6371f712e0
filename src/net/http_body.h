// BodySource: a message's body, taken off a Stream piece by piece. Private to net; the server's and the client's
// BodyReader stand on it.
#pragma once

#include <memory>
#include <string>

#include "net/http_codec.h"
#include "net/stream.h"

namespace mayfly::http {

class BodySource {
 public:
  static constexpr size_t kPieceBytes = 64 * 1024;

  BodySource(std::shared_ptr<net::Stream> stream, const Framing& framing, const BodyLimits& limits, Duration stall);

  // The next piece (about kPieceBytes at most); empty at the end. One call at a time.
  // Errors: Cancelled (the peer has gone before the end, or Detach), MalformedBody, BodyTooLarge, BodyTimeout.
  Task<Result<std::string>> ReadPiece();
  // The connection goes on without this body: reads from now on are Cancelled.
  void Detach() { detached_ = true; }

  // The peer waits for an invitation (Expect: 100-continue); TakeContinueOwed tells once that it does.
  void set_continue_owed() { continue_owed_ = true; }
  bool continue_owed() const { return continue_owed_; }
  bool TakeContinueOwed() { return std::exchange(continue_owed_, false); }

  // Appends what is here already to `body`, without waiting.
  void TakeAvailable(std::string& body);

  bool ended() const { return decoder_.ended(); }
  bool failed() const { return decoder_.failed(); }
  bool detached() const { return detached_; }
  uint64_t remaining() const { return decoder_.remaining(); }
  const Headers& trailers() const { return decoder_.trailers(); }
  net::Stream& stream() const { return *stream_; }

 private:
  std::shared_ptr<net::Stream> stream_;
  BodyDecoder decoder_;
  Duration stall_;
  size_t buffer_bytes_max_;
  bool detached_ = false;
  bool continue_owed_ = false;
};

}  // namespace mayfly::http
