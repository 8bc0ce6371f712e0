#include "services/s3/cors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "services/s3/s3_errors.h"

namespace mayfly::s3 {
namespace {

constexpr std::array<std::string_view, 5> kMethods = {"GET", "PUT", "POST", "DELETE", "HEAD"};

constexpr std::string_view kVary = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method";

// `allowed` may have one star.
bool FitsPattern(std::string_view allowed, std::string_view text) {
  const size_t star = allowed.find('*');
  if (star == std::string_view::npos) return allowed == text;
  const std::string_view begin = allowed.substr(0, star), end = allowed.substr(star + 1);
  return text.size() >= begin.size() + end.size() && text.starts_with(begin) && text.ends_with(end);
}

bool AllowsHeader(const CORSRule& rule, std::string_view header) {
  return rule.allowed_headers && std::ranges::any_of(*rule.allowed_headers, [&](const std::string& allowed) { return FitsPattern(LowerCase(allowed), header); });
}

bool Allows(const CORSRule& rule, const CorsQuestion& question) {
  return std::ranges::any_of(rule.allowed_origins, [&](const std::string& allowed) { return FitsPattern(allowed, question.origin); }) &&
         std::ranges::find(rule.allowed_methods, question.method) != rule.allowed_methods.end() &&
         std::ranges::all_of(question.headers, [&](const std::string& header) { return AllowsHeader(rule, header); });
}

Error Forbidden(std::string_view message, std::string_view method, bool is_object) {
  Error error = WithElement(Error::Service("AccessForbidden", fmt::format("CORSResponse: {}", message)), "Method", method);
  return WithElement(std::move(error), "ResourceType", is_object ? "OBJECT" : "BUCKET");
}

bool HasOneStarAtMost(const std::string& text) { return std::ranges::count(text, '*') <= 1; }

}  // namespace

Result<> CheckCorsRules(const std::vector<CORSRule>& rules) {
  for (const CORSRule& rule : rules) {
    if (rule.allowed_methods.empty() || rule.allowed_origins.empty()) return Fail(MalformedXml());
    for (const std::string& method : rule.allowed_methods) {
      if (std::ranges::find(kMethods, method) != kMethods.end()) continue;
      return Fail(InvalidRequest("Found unsupported HTTP method in CORS config. Unsupported method is " + method));
    }
    for (const std::string& origin : rule.allowed_origins) {
      if (!HasOneStarAtMost(origin)) return Fail(InvalidRequest("AllowedOrigin \"" + origin + "\" can not have more than one wildcard."));
    }
    for (const std::string& header : rule.allowed_headers.value_or(std::vector<std::string>())) {
      if (!HasOneStarAtMost(header)) return Fail(InvalidRequest("AllowedHeader \"" + header + "\" can not have more than one wildcard."));
    }
  }
  return {};
}

CorsQuestion PreflightQuestion(const http::Request& request) {
  CorsQuestion question{.origin = std::string(request.headers.Get("Origin")), .method = std::string(request.headers.Get("Access-Control-Request-Method")), .headers = {}};
  for (const std::string_view header : Split(request.headers.Get("Access-Control-Request-Headers"), ',')) {
    if (const std::string_view name = Trim(header); !name.empty()) question.headers.push_back(LowerCase(name));
  }
  return question;
}

const CORSRule* AllowingRule(const std::vector<CORSRule>& rules, const CorsQuestion& question) {
  const auto found = std::ranges::find_if(rules, [&](const CORSRule& rule) { return Allows(rule, question); });
  return found == rules.end() ? nullptr : &*found;
}

http::Headers CorsHeaders(const CORSRule& rule, const CorsQuestion& question) {
  http::Headers headers;
  const bool is_anyone = std::ranges::find(rule.allowed_origins, "*") != rule.allowed_origins.end();
  headers.Add("Access-Control-Allow-Origin", is_anyone ? std::string_view("*") : std::string_view(question.origin));
  headers.Add("Access-Control-Allow-Methods", fmt::format("{}", fmt::join(rule.allowed_methods, ", ")));
  if (!question.headers.empty()) headers.Add("Access-Control-Allow-Headers", fmt::format("{}", fmt::join(question.headers, ", ")));
  if (rule.expose_headers && !rule.expose_headers->empty()) headers.Add("Access-Control-Expose-Headers", fmt::format("{}", fmt::join(*rule.expose_headers, ", ")));
  if (rule.max_age_seconds) headers.Add("Access-Control-Max-Age", std::to_string(*rule.max_age_seconds));
  if (!is_anyone) headers.Add("Access-Control-Allow-Credentials", "true");
  headers.Add("Vary", kVary);
  return headers;
}

Result<http::Response> AnswerPreflight(const std::vector<CORSRule>* rules, const http::Request& request, bool is_object) {
  const CorsQuestion question = PreflightQuestion(request);
  if (question.origin.empty()) return Fail(Error::Service("BadRequest", "Insufficient information. Origin request header needed."));
  if (std::ranges::find(kMethods, question.method) == kMethods.end()) {
    const std::string_view shown = question.method.empty() ? std::string_view("null") : std::string_view(question.method);
    return Fail(Error::Service("BadRequest", fmt::format("Invalid Access-Control-Request-Method: {}", shown)));
  }
  if (!rules) return Fail(Forbidden("CORS is not enabled for this bucket.", question.method, is_object));
  const CORSRule* rule = AllowingRule(*rules, question);
  if (!rule) {
    return Fail(Forbidden("This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or "
                          "Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.", question.method, is_object));
  }
  http::Response response;
  response.headers = CorsHeaders(*rule, question);
  return response;
}

}  // namespace mayfly::s3
