#include "catalog/function_url.h"

#include <fmt/format.h>

#include "resources/json_members.h"

namespace mayfly::catalog {
namespace {

template <typename Self, typename Visitor>
void VisitCors(Self& cors, Visitor&& visit) {
  visit("AllowCredentials", cors.allow_credentials);
  visit("AllowHeaders", cors.allow_headers);
  visit("AllowMethods", cors.allow_methods);
  visit("AllowOrigins", cors.allow_origins);
  visit("ExposeHeaders", cors.expose_headers);
  visit("MaxAge", cors.max_age_seconds);
}

template <typename Self, typename Visitor>
void VisitMembers(Self& url, Visitor&& visit) {
  visit("UrlId", url.url_id);
  visit("AuthType", url.auth_type);
  visit("InvokeMode", url.invoke_mode);
  visit("CreationTime", url.created_at);
  visit("LastModifiedTime", url.last_modified_at);
}

}  // namespace

std::string FunctionUrlKey(const FunctionName& function, std::string_view qualifier) {
  return fmt::format("{}/{}", function.Key(), qualifier);
}

json::Value ToJson(const FunctionUrl& url) {
  json::Value value = resources::WriteMembers(url, [](auto& from, auto& visit) { VisitMembers(from, visit); });
  if (url.cors) value.Set("Cors", resources::WriteMembers(*url.cors, [](auto& from, auto& visit) { VisitCors(from, visit); }));
  return value;
}

Result<> FromJson(std::string_view key, const json::Value& value, FunctionUrl& url) {
  MF_TRY(url.function, NameFromKey(key));
  url.qualifier = key.substr(key.rfind('/') + 1);
  VisitMembers(url, resources::MemberReader(value));
  if (const json::Value* cors = value.Find("Cors")) VisitCors(url.cors.emplace(), resources::MemberReader(*cors));
  return {};
}

}  // namespace mayfly::catalog
