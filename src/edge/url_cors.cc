#include "edge/url_cors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/text.h"

namespace mayfly::edge {
namespace {

using Names = std::optional<std::vector<std::string>>;

bool Matches(std::string_view allowed, std::string_view origin) {
  if (allowed == "*") return true;
  if (allowed.ends_with("://*")) {
    const std::string_view scheme = allowed.substr(0, allowed.size() - 1);
    return origin.size() > scheme.size() && EqualIgnoringCase(origin.substr(0, scheme.size()), scheme);
  }
  if (allowed.ends_with('/')) allowed.remove_suffix(1);  // a URL's; an origin has none
  return EqualIgnoringCase(allowed, origin);
}

void AddList(std::string_view name, const Names& values, http::Headers& headers) {
  if (values && !values->empty()) headers.Add(name, fmt::format("{}", fmt::join(*values, ",")));
}

// False: the origin is not allowed.
bool AddOrigin(const catalog::Cors& cors, const http::Request& request, http::Headers& headers) {
  const std::string* origin = request.headers.Find("Origin");
  if (!origin || !IsOriginAllowed(cors, *origin)) return false;
  headers.Add("Access-Control-Allow-Origin", *origin);
  headers.Add("Vary", "Origin");
  if (cors.allow_credentials.value_or(false)) headers.Add("Access-Control-Allow-Credentials", "true");
  return true;
}

}  // namespace

bool IsOriginAllowed(const catalog::Cors& cors, std::string_view origin) {
  if (!cors.allow_origins || origin.empty()) return false;
  return std::any_of(cors.allow_origins->begin(), cors.allow_origins->end(),
                     [&](const std::string& allowed) { return Matches(allowed, origin); });
}

bool IsPreflight(const http::Request& request) {
  return request.method == "OPTIONS" && request.headers.Find("Origin") && request.headers.Find("Access-Control-Request-Method");
}

http::Response AnswerPreflight(const catalog::Cors& cors, const http::Request& request) {
  http::Response response = http::Response::Json(200, "");
  if (!AddOrigin(cors, request, response.headers)) return response;
  AddList("Access-Control-Allow-Methods", cors.allow_methods, response.headers);
  AddList("Access-Control-Allow-Headers", cors.allow_headers, response.headers);
  AddList("Access-Control-Expose-Headers", cors.expose_headers, response.headers);
  if (cors.max_age_seconds) response.headers.Add("Access-Control-Max-Age", std::to_string(*cors.max_age_seconds));
  return response;
}

void AddCorsHeaders(const catalog::Cors& cors, const http::Request& request, http::Response& response) {
  if (AddOrigin(cors, request, response.headers)) AddList("Access-Control-Expose-Headers", cors.expose_headers, response.headers);
}

}  // namespace mayfly::edge
