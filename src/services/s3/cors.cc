#include "services/s3/cors.h"

#include <algorithm>
#include <array>

#include "services/s3/s3_errors.h"

namespace mayfly::s3 {
namespace {

constexpr std::array<std::string_view, 5> kMethods = {"GET", "PUT", "POST", "DELETE", "HEAD"};

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

}  // namespace mayfly::s3
