#include "runtime/api_messages.h"

#include <fmt/format.h>

#include "base/json.h"

namespace mayfly::runtime {
http::Response ErrorResponse(int status, std::string_view type, std::string_view message) {
  return http::Response::Json(status, fmt::format(R"({{"errorMessage":{},"errorType":{}}})" "\n", json::Quote(message), json::Quote(type)));
}

http::Response Accepted() { return http::Response::Json(202, R"({"status":"OK"})" "\n"); }

Task<BodyEnd> ReadBody(Context& ctx, http::Request& request, size_t bytes_max) {
  if (!request.body_reader) co_return request.body.size() > bytes_max ? BodyEnd::TooLarge : BodyEnd::Whole;
  size_t total = request.body.size();
  for (;;) {
    auto piece = co_await request.body_reader->Read(ctx);
    if (!piece) co_return total > bytes_max ? BodyEnd::TooLarge : BodyEnd::Truncated;
    if (piece->empty()) break;
    total += piece->size();
    if (total <= bytes_max) {
      request.body += *piece;
    } else if (total > kDiscardBytesMax) {
      break;
    }
  }
  co_return total > bytes_max ? BodyEnd::TooLarge : BodyEnd::Whole;
}

}  // namespace mayfly::runtime
