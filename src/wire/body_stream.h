// BlobStream: a body that is not held in memory whole: the payload of a request or an answer whose model says `blob streaming`.
//
//   while (true) {                                             response.body = BlobStream(std::move(reader));  // or a text
//     MF_CO_TRY(std::string piece, co_await request.body.Read(ctx));
//     if (piece.empty()) break;
//
// One type for both directions, and always pulled: a handler reads the request's, the answer's is read by whoever asked (the
// connection, or a caller inside of this daemon), at the pace of the slower side. So a body can be passed on as it is.
// Owned by the struct that holds it; moved, not copied; read on the strand of the call that it belongs to. What is not read is
// dropped with it: a request's by the connection, an answer's source by its destructor.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/context.h"
#include "base/result.h"
#include "base/task.h"
#include "net/http_message.h"

namespace mayfly::wire {

class BlobStream {
 public:
  // No bytes.
  BlobStream() = default;
  // Bytes that are here already: small answers, calls from inside, tests.
  BlobStream(std::string bytes) : bytes_(std::move(bytes)) {}  // NOLINT: implicit on purpose
  BlobStream(std::unique_ptr<http::BodyReader> reader) : reader_(std::move(reader)) {}  // NOLINT: implicit on purpose
  BlobStream(BlobStream&&) noexcept = default;
  BlobStream& operator=(BlobStream&&) noexcept = default;

  // The next piece; empty at the end, and from then on. Errors: those of the source (http::BodyReader::Read); from an answer's, the
  // connection is cut, so that the client sees the truncation.
  Task<Result<std::string>> Read(Context& ctx);
  // Whether all bytes are here already, so that Read never waits; Take gives them then.
  bool whole() const { return !reader_; }
  std::string Take() { return std::exchange(bytes_, {}); }
  // After the end of a request's body: its trailer fields.
  const http::Headers& trailers() const;

 private:
  std::string bytes_;
  // Shared, because the structs which hold one have to keep their standard layout (see EventStream).
  std::shared_ptr<http::BodyReader> reader_;
};

// An answer's body: writes the stream to its end.
std::move_only_function<Task<Result<>>(Context&, http::BodyWriter&)> WriteBlob(BlobStream stream);

}  // namespace mayfly::wire
