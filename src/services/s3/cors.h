// CORS rules of a bucket: checked, and what they let a web page do. Pure functions, any thread.
// Source: Amazon S3 user guide, "Using cross-origin resource sharing".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/s3.h"
#include "net/http_message.h"

namespace mayfly::s3 {

// Errors: InvalidRequest, MalformedXML.
Result<> CheckCorsRules(const std::vector<CORSRule>& rules);

struct CorsQuestion {
  std::string_view origin;
  std::string_view method;
  std::vector<std::string_view> headers;  // of a preflight: those that the page wants to send
};
// The headers that tell a browser what is allowed; nullopt: nothing is.
std::optional<http::Headers> AllowedBy(const std::vector<CORSRule>& rules, const CorsQuestion& question, bool is_preflight);

}  // namespace mayfly::s3
