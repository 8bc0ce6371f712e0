#include "services/lambda/function_urls_api.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/random.h"
#include "catalog/function_catalog.h"
#include "services/lambda/paging.h"
#include "services/lambda/settings.h"

namespace mayfly::lambda {
namespace {

constexpr size_t kUrlsPageMax = 50;
constexpr size_t kUrlIdBytes = 32;
constexpr std::array<std::string_view, 7> kMethods = {"GET", "PUT", "HEAD", "POST", "PATCH", "DELETE", "*"};

Error NoFunction() { return Error::Service("ResourceNotFoundException", "Function does not exist"); }

std::string MakeUrlId(Random& random) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::string id;
  for (size_t i = 0; i < kUrlIdBytes; ++i) id += kLetters[random.Below(kLetters.size())];
  return id;
}

std::string QualifierOf(const catalog::FunctionReference& reference) {
  return reference.qualifier.empty() ? "$LATEST" : reference.qualifier;
}

// A whole origin, or a wildcard for all of a scheme; not one for subdomains.
bool IsOrigin(std::string_view text) {
  if (text == "*" || text == "https://*" || text == "http://*") return true;
  const size_t separator = text.find("://");
  if (separator == std::string_view::npos || separator == 0) return false;
  const std::string_view host = text.substr(separator + 3);
  return !host.empty() && host.front() != '/' && text.find_first_of("* \t\"<>\\^`{|}") == std::string_view::npos;
}

Result<> CheckCors(const Cors& cors) {
  for (const std::string& origin : cors.allow_origins.value_or(std::vector<std::string>())) {
    if (IsOrigin(origin)) continue;
    return Fail(
        InvalidParameterValue(fmt::format("{} isn't a valid origin. An origin must be in a valid URL format. For example: "
                                          "https://www.example.com, https://*, or the wildcard character (*).",
                                          origin)));
  }
  for (const std::string& method : cors.allow_methods.value_or(std::vector<std::string>())) {
    if (std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end()) continue;
    return Fail(InvalidParameterValue(
        fmt::format("{} is not a valid enum value. Supported values: [GET, PUT, HEAD, POST, PATCH, DELETE, *]", method)));
  }
  return {};
}

// Settings that say nothing are none: that is how clients take them away.
std::optional<catalog::Cors> KeptCors(Cors cors) {
  catalog::Cors kept;
  kept.allow_credentials = cors.allow_credentials;
  kept.allow_headers = std::move(cors.allow_headers);
  kept.allow_methods = std::move(cors.allow_methods);
  kept.allow_origins = std::move(cors.allow_origins);
  kept.expose_headers = std::move(cors.expose_headers);
  kept.max_age_seconds = cors.max_age;
  if (kept == catalog::Cors()) return std::nullopt;
  return kept;
}

std::optional<Cors> DescribeCors(const std::optional<catalog::Cors>& cors) {
  if (!cors) return std::nullopt;
  Cors view;
  view.allow_credentials = cors->allow_credentials;
  view.allow_headers = cors->allow_headers;
  view.allow_methods = cors->allow_methods;
  view.allow_origins = cors->allow_origins;
  view.expose_headers = cors->expose_headers;
  view.max_age = cors->max_age_seconds;
  return view;
}

// What all the answers have. CreateFunctionUrlConfig's has no time of change.
template <typename View>
View DescribeUrl(const catalog::FunctionUrl& url, std::string address) {
  View view;
  view.function_url = std::move(address);
  view.function_arn = url.FunctionArn();
  view.auth_type = url.auth_type;
  view.cors = DescribeCors(url.cors);
  view.creation_time = url.created_at;
  if constexpr (requires { view.last_modified_time; }) view.last_modified_time = url.last_modified_at;
  view.invoke_mode = url.invoke_mode.empty() ? std::string(InvokeMode::BUFFERED) : url.invoke_mode;
  return view;
}

}  // namespace

Task<Result<CreateFunctionUrlConfigResponse>> FunctionUrlsApi::CreateFunctionUrlConfig(Context& ctx,
                                                                                       CreateFunctionUrlConfigRequest request) {
  MF_CO_TRY(catalog::FunctionReference reference,
            catalog::ParseFunctionReference(ctx, request.function_name, request.qualifier.value_or("")));
  if (!parts_.catalog.Find(reference.name)) co_return Fail(NoFunction());
  catalog::FunctionUrl url;
  url.function = reference.name;
  url.qualifier = QualifierOf(reference);
  const std::string key = catalog::FunctionUrlKey(url.function, url.qualifier);
  if (parts_.tables.function_urls.Find(key)) {
    co_return Fail(
        Conflict(fmt::format("Failed to create function url config for [functionArn = {}]. Error message:  "
                             "FunctionUrlConfig exists for this Lambda function",
                             url.FunctionArn())));
  }
  if (!url.is_latest() && !parts_.catalog.FindAlias(reference.name, url.qualifier)) co_return Fail(NoFunction());
  if (request.cors) {
    MF_CO_TRY_VOID(CheckCors(*request.cors));
    url.cors = KeptCors(std::move(*request.cors));
  }
  url.url_id = MakeUrlId(parts_.random);
  url.auth_type = std::move(request.auth_type);
  url.invoke_mode = request.invoke_mode.value_or("");
  url.created_at = FormatIso8601(parts_.clock.WallNow());
  url.last_modified_at = url.created_at;
  resources::Change change(parts_.tables.all);
  MF_CO_TRY_VOID(change.Create(parts_.tables.function_urls, key, url));
  MF_CO_TRY_VOID(co_await change.Commit(ctx));
  co_return DescribeUrl<CreateFunctionUrlConfigResponse>(url, parts_.address(url));
}

Task<Result<GetFunctionUrlConfigResponse>> FunctionUrlsApi::GetFunctionUrlConfig(Context& ctx, GetFunctionUrlConfigRequest request) {
  MF_CO_TRY(catalog::FunctionReference reference,
            catalog::ParseFunctionReference(ctx, request.function_name, request.qualifier.value_or("")));
  const auto url = parts_.tables.function_urls.Find(catalog::FunctionUrlKey(reference.name, QualifierOf(reference)));
  if (!url) co_return Fail(NoSuchResource());
  co_return DescribeUrl<GetFunctionUrlConfigResponse>(*url, parts_.address(*url));
}

Task<Result<ListFunctionUrlConfigsResponse>> FunctionUrlsApi::ListFunctionUrlConfigs(Context& ctx, ListFunctionUrlConfigsRequest request) {
  MF_CO_TRY(catalog::FunctionReference reference, catalog::ParseFunctionReference(ctx, request.function_name, ""));
  if (!parts_.catalog.Find(reference.name)) co_return Fail(NoFunction());
  MF_CO_TRY(auto page,
            NextPage(parts_.tables.function_urls, reference.name.Key() + '/', request.marker, PageLimit(request.max_items, kUrlsPageMax)));
  ListFunctionUrlConfigsResponse response;
  response.next_marker = std::move(page.next_marker);
  for (const auto& row : page.rows)
    response.function_url_configs.push_back(DescribeUrl<FunctionUrlConfig>(*row.value, parts_.address(*row.value)));
  co_return response;
}

Task<Result<UpdateFunctionUrlConfigResponse>> FunctionUrlsApi::UpdateFunctionUrlConfig(Context& ctx,
                                                                                       UpdateFunctionUrlConfigRequest request) {
  MF_CO_TRY(catalog::FunctionReference reference,
            catalog::ParseFunctionReference(ctx, request.function_name, request.qualifier.value_or("")));
  const std::string qualifier = QualifierOf(reference);
  if (!parts_.catalog.Find(reference.name)) co_return Fail(NoFunction());
  if (qualifier != "$LATEST" && !parts_.catalog.FindAlias(reference.name, qualifier)) co_return Fail(NoFunction());
  const std::string key = catalog::FunctionUrlKey(reference.name, qualifier);
  const auto old = parts_.tables.function_urls.Find(key);
  if (!old) co_return Fail(NoSuchResource());
  catalog::FunctionUrl next = *old;
  if (request.cors) {
    MF_CO_TRY_VOID(CheckCors(*request.cors));
    next.cors = KeptCors(std::move(*request.cors));
  }
  if (request.auth_type) next.auth_type = *request.auth_type;
  if (request.invoke_mode) next.invoke_mode = *request.invoke_mode;
  next.last_modified_at = FormatIso8601(parts_.clock.WallNow());
  resources::Change change(parts_.tables.all);
  MF_CO_TRY_VOID(change.Replace(parts_.tables.function_urls, key, old, next));
  MF_CO_TRY_VOID(co_await change.Commit(ctx));
  co_return DescribeUrl<UpdateFunctionUrlConfigResponse>(next, parts_.address(next));
}

Task<Result<>> FunctionUrlsApi::DeleteFunctionUrlConfig(Context& ctx, DeleteFunctionUrlConfigRequest request) {
  MF_CO_TRY(catalog::FunctionReference reference,
            catalog::ParseFunctionReference(ctx, request.function_name, request.qualifier.value_or("")));
  const std::string key = catalog::FunctionUrlKey(reference.name, QualifierOf(reference));
  const auto old = parts_.tables.function_urls.Find(key);
  if (!old) co_return Fail(NoSuchResource());
  resources::Change change(parts_.tables.all);
  MF_CO_TRY_VOID(change.Delete(parts_.tables.function_urls, key, old));
  co_return co_await change.Commit(ctx);
}

}  // namespace mayfly::lambda
