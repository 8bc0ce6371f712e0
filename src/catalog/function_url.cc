#include "catalog/function_url.h"

#include <fmt/format.h>

#include "resources/json_members.h"

namespace mayfly::catalog {

static void VisitMembers(resources::Is<Cors> auto& cors, auto&& visit) {
  visit("AllowCredentials", cors.allow_credentials);
  visit("AllowHeaders", cors.allow_headers);
  visit("AllowMethods", cors.allow_methods);
  visit("AllowOrigins", cors.allow_origins);
  visit("ExposeHeaders", cors.expose_headers);
  visit("MaxAge", cors.max_age_seconds);
}

static void VisitMembers(resources::Is<FunctionUrl> auto& url, auto&& visit) {
  visit("UrlId", url.url_id);
  visit("AuthType", url.auth_type);
  visit("InvokeMode", url.invoke_mode);
  visit("CreationTime", url.created_at);
  visit("LastModifiedTime", url.last_modified_at);
  visit("Cors", url.cors);
}

std::string FunctionUrlKey(const FunctionName& function, std::string_view qualifier) {
  return fmt::format("{}/{}", function.Key(), qualifier);
}

json::Value ToJson(const FunctionUrl& url) { return resources::WriteMembers(url); }

Result<> FromJson(std::string_view key, const json::Value& value, FunctionUrl& url) {
  MF_TRY(url.function, NameFromKey(key));
  url.qualifier = key.substr(key.rfind('/') + 1);
  resources::ReadMembers(value, url);
  return {};
}

}  // namespace mayfly::catalog
