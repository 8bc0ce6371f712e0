// What the APIs inside an environment (Runtime, Extensions, Telemetry) have in common. Private to runtime.
#pragma once

#include <string_view>

#include "net/http_message.h"

namespace mayfly::runtime {

// {"errorMessage":…,"errorType":…}
http::Response ErrorResponse(int status, std::string_view type, std::string_view message);
// 202 {"status":"OK"}
http::Response Accepted();

// What may be sent beyond a limit before it is cut off instead of being read to its end.
inline constexpr size_t kDiscardBytesMax = 256ull << 20;

enum class BodyEnd : unsigned char { Whole, TooLarge, Truncated };
// Reads at most `bytes_max` into request.body; what is beyond is read and thrown away, so that the sender hears an answer.
Task<BodyEnd> ReadBody(Context& ctx, http::Request& request, size_t bytes_max);

}  // namespace mayfly::runtime
