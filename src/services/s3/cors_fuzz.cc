// What browsers ask for, and grants in headers, come from strangers: whatever stands in them is answered or refused. "ORIGIN\0METHOD\0HEADERS".
#include "base/text.h"
#include "services/s3/cors.h"
#include "services/s3/grants.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mayfly;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parts = Split(text, '\0');
  const auto part = [&](size_t at) { return at < parts.size() ? parts[at] : std::string_view(); };
  http::Request request;
  request.method = "OPTIONS";
  request.headers.Add("Origin", part(0));
  request.headers.Add("Access-Control-Request-Method", part(1));
  request.headers.Add("Access-Control-Request-Headers", part(2));
  s3::CORSRule rule;
  rule.allowed_origins = {"https://*.example.com", std::string(part(0))};
  rule.allowed_methods = {"GET", "PUT"};
  rule.allowed_headers = {"*"};
  const std::vector<s3::CORSRule> rules = {rule};
  (void)s3::AnswerPreflight(&rules, request, true);
  s3::GrantHeaders grants;
  grants.read = std::string(part(0));
  grants.full_control = std::string(part(1));
  if (const auto acl = s3::AclOf(std::nullopt, grants, "ObjectWriter")) {
    for (const s3::Grant& grant : s3::GrantsOf(*acl, "111111111111")) MF_ASSERT(grant.grantee.has_value());
    (void)s3::IsPublicAcl(*acl);
  }
  return 0;
}
