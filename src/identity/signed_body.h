// Bodies that are checked against a signature while they are read. Private to this room: Authenticator::OpenBody puts them before a request's
// own reader.
//
// What is read before the end may turn out to be wrong at the end: then the last Read fails, and who has kept what came before throws it away.
#pragma once

#include <memory>
#include <string>

#include "identity/aws_chunked.h"
#include "net/http_message.h"

namespace mayfly::identity {

// The body as it was sent, whether it is here or still to be read; nothing of it stays in `request`.
std::unique_ptr<http::BodyReader> TakeBody(http::Request& request);

// The same bytes; `mismatch` instead of the end when their SHA-256 is not `sha256_hex`.
std::unique_ptr<http::BodyReader> CheckHash(std::unique_ptr<http::BodyReader> body, std::string sha256_hex, Error mismatch);

// What stands inside an aws-chunked body, with its trailers. Errors: those of the decoder.
std::unique_ptr<http::BodyReader> Unchunk(std::unique_ptr<http::BodyReader> body, ChunkedBodyRules rules);

}  // namespace mayfly::identity
