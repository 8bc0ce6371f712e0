// The response of a function URL with InvokeMode RESPONSE_STREAM: the function's bytes, as they come.
#pragma once

#include <memory>

#include "invoke/streamed_invocation.h"
#include "net/http_message.h"

namespace mayfly::edge {

// Returns when the response's head is known: the function's prelude has come, or the first byte of its body. What follows is
// written by the response's `stream`; a failure of the function in its midst cuts the connection.
// A failure before that, or a head that makes no response, is a 502. An answer that was not streamed is sent as it is.
// Errors: those of StreamedInvocation::Read.
Task<Result<http::Response>> MakeStreamedUrlResponse(Context& ctx, std::unique_ptr<invoke::StreamedInvocation> streamed);

}  // namespace mayfly::edge
