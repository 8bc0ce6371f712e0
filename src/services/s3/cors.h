// CORS rules of a bucket: what S3 checks before it keeps them, and what it tells browsers by them. Pure functions, any thread.
// Source: Amazon S3 user guide, "Using cross-origin resource sharing", "Elements of a CORS configuration"; the Fetch standard for what browsers ask.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/s3.h"
#include "net/http_message.h"

namespace mayfly::s3 {

// Errors: InvalidRequest, MalformedXML.
Result<> CheckCorsRules(const std::vector<CORSRule>& rules);

// What a browser asks for: of a preflight, or by an actual request, which names no headers.
struct CorsQuestion {
  std::string origin;
  std::string method;
  std::vector<std::string> headers;  // in lower case
};
CorsQuestion PreflightQuestion(const http::Request& request);

// The first rule that allows it; nullptr: none does.
const CORSRule* AllowingRule(const std::vector<CORSRule>& rules, const CorsQuestion& question);
// What the rule tells: Access-Control-…, and Vary.
http::Headers CorsHeaders(const CORSRule& rule, const CorsQuestion& question);

// The answer to OPTIONS. `rules`: nullptr where the bucket has none. Errors: BadRequest, AccessForbidden.
Result<http::Response> AnswerPreflight(const std::vector<CORSRule>* rules, const http::Request& request, bool is_object);

}  // namespace mayfly::s3
