// Feeds settings and a request's origin to CORS matching: what a setting does not say is never allowed.
#include <cstddef>
#include <cstdint>

#include "base/text.h"
#include "edge/url_cors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mayfly;
  // "allowed\nallowed\n…\n\norigin"
  std::string_view text(reinterpret_cast<const char*>(data), size);
  catalog::Cors cors;
  auto& allowed = cors.allow_origins.emplace();
  while (!text.empty() && text[0] != '\n') {
    const size_t end = std::min(text.find('\n'), text.size());
    allowed.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const std::string_view origin = text.empty() ? text : text.substr(1);
  const bool is_allowed = edge::IsOriginAllowed(cors, origin);
  bool is_said = false;
  for (const std::string& one : allowed) {
    const bool is_wildcard = one == "*" || one.ends_with("://*");
    is_said = is_said || is_wildcard || EqualIgnoringCase(one, origin) || EqualIgnoringCase(one, std::string(origin) + '/');
  }
  MF_ASSERT(!is_allowed || (is_said && !origin.empty()));
  http::Request request;
  request.method = "OPTIONS";
  request.headers.Add("Origin", origin);
  request.headers.Add("Access-Control-Request-Method", "PUT");
  MF_ASSERT(edge::IsPreflight(request));
  const http::Response answer = edge::AnswerPreflight(cors, request);
  MF_ASSERT((answer.headers.Find("Access-Control-Allow-Origin") != nullptr) == is_allowed);
  return 0;
}
