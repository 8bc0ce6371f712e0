#include "services/s3/cors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "services/s3/s3_errors.h"

namespace mayfly::s3 {
namespace {

constexpr std::array<std::string_view, 5> kMethods = {"GET", "PUT", "POST", "DELETE", "HEAD"};

bool HasOneStarAtMost(const std::string& text) { return std::ranges::count(text, '*') <= 1; }

// A star stands for any text. Headers compare without case, origins with.
bool FitsPattern(std::string_view pattern, std::string_view text) {
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text;
  return text.size() + 1 >= pattern.size() && text.starts_with(pattern.substr(0, star)) && text.ends_with(pattern.substr(star + 1));
}

bool AllowsOrigin(const CORSRule& rule, std::string_view origin) {
  return std::ranges::any_of(rule.allowed_origins, [&](const std::string& pattern) { return FitsPattern(pattern, origin); });
}

bool AllowsHeader(const CORSRule& rule, std::string_view header) {
  const std::string name = LowerCase(header);
  const auto patterns = rule.allowed_headers.value_or(std::vector<std::string>());
  return std::ranges::any_of(patterns, [&](const std::string& pattern) { return FitsPattern(LowerCase(pattern), name); });
}

bool Allows(const CORSRule& rule, const CorsQuestion& question) {
  return AllowsOrigin(rule, question.origin) && std::ranges::find(rule.allowed_methods, question.method) != rule.allowed_methods.end() &&
         std::ranges::all_of(question.headers, [&](std::string_view header) { return AllowsHeader(rule, header); });
}

http::Headers HeadersOf(const CORSRule& rule, const CorsQuestion& question, bool is_preflight) {
  http::Headers headers;
  const bool is_any = std::ranges::find(rule.allowed_origins, "*") != rule.allowed_origins.end();
  headers.Add("Access-Control-Allow-Origin", is_any ? "*" : question.origin);
  if (!is_any) headers.Add("Access-Control-Allow-Credentials", "true");
  headers.Add("Access-Control-Allow-Methods", fmt::format("{}", fmt::join(rule.allowed_methods, ", ")));
  if (is_preflight && !question.headers.empty()) headers.Add("Access-Control-Allow-Headers", LowerCase(fmt::format("{}", fmt::join(question.headers, ", "))));
  if (rule.expose_headers && !rule.expose_headers->empty()) headers.Add("Access-Control-Expose-Headers", fmt::format("{}", fmt::join(*rule.expose_headers, ", ")));
  if (rule.max_age_seconds) headers.Add("Access-Control-Max-Age", std::to_string(*rule.max_age_seconds));
  headers.Add("Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method");
  return headers;
}

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

std::optional<http::Headers> AllowedBy(const std::vector<CORSRule>& rules, const CorsQuestion& question, bool is_preflight) {
  for (const CORSRule& rule : rules) {
    if (Allows(rule, question)) return HeadersOf(rule, question, is_preflight);
  }
  return std::nullopt;
}

}  // namespace mayfly::s3
