// The HTTP status of every error that this room makes, for protocols that carry a status (all of them).
// Source: the "Common errors" pages of AWS's API references, and recorded answers.
#pragma once

#include <array>
#include <string_view>
#include <utility>

namespace mayfly::identity {

inline constexpr std::array<std::pair<std::string_view, int>, 12> kErrorStatuses = {{
    {"MissingAuthenticationTokenException", 403},  // strict mode, and the request is not signed at all
    {"UnrecognizedClientException", 403},          // unknown access key, or a wrong session token
    {"InvalidSignatureException", 403},            // wrong signature, wrong scope, expired, clock skew
    {"ExpiredTokenException", 403},                // temporary credentials past their time
    {"IncompleteSignatureException", 400},         // an Authorization header or query that cannot be taken apart
    {"AccessDeniedException", 403},
    {"XAmzContentSHA256Mismatch", 400},            // S3: the body is not what x-amz-content-sha256 says
    {"InvalidArgument", 400},                      // S3: x-amz-content-sha256 holds no known value
    {"InvalidChunkSizeError", 400},                // aws-chunked: framing
    {"IncompleteBody", 400},                       // aws-chunked: shorter or longer than announced
    {"MalformedTrailerError", 400},                // aws-chunked: trailers
    {"SignatureDoesNotMatch", 403},                // aws-chunked: a chunk's or the trailer's signature
}};

// 0 when this room does not make that code.
constexpr int HttpStatusOf(std::string_view code) {
  for (const auto& [name, status] : kErrorStatuses) {
    if (name == code) return status;
  }
  return 0;
}

}  // namespace mayfly::identity
