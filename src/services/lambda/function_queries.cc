// GetFunction, GetFunctionConfiguration, ListFunctions.
#include <fmt/format.h>

#include "services/lambda/find_function.h"
#include "services/lambda/function_views.h"
#include "services/lambda/functions_api.h"
#include "services/lambda/paging.h"
#include "services/lambda/settling.h"

namespace mayfly::lambda {
namespace {

constexpr size_t kFunctionsPageMax = 50;  // ListFunctions gives at most 50, whatever MaxItems asks for

// Functions whose keys begin with `prefix`, each followed by its versions, after the row `after` ("KEY/" is $LATEST).
std::vector<catalog::FunctionPointer> VersionsAfter(const catalog::Tables& tables, const std::string& prefix, const std::string& after,
                                                    size_t limit) {
  std::vector<catalog::FunctionPointer> found;
  const auto add_versions = [&](const std::string& function_key, const std::string& after_key) {
    for (auto& row : tables.versions.List(function_key + '/', after_key, limit - found.size())) found.push_back(std::move(row.value));
  };
  std::string function_key = after.substr(0, after.find('/', prefix.size()));
  if (!after.empty()) add_versions(function_key, after == function_key + '/' ? "" : after);
  while (found.size() < limit) {
    auto next = tables.functions.List(prefix, function_key, 1);
    if (next.empty()) break;
    function_key = next.front().key;
    found.push_back(std::move(next.front().value));
    if (found.size() < limit) add_versions(function_key, "");
  }
  MF_ASSERT(found.size() <= limit);
  return found;
}

}  // namespace

FunctionCodeLocation FunctionsApi::LocationOf(const catalog::Function& function) const {
  FunctionCodeLocation location;
  if (const auto& image = function.next_image ? function.next_image : function.image) {
    location.repository_type = "ECR";
    location.image_uri = image->uri;
    location.resolved_image_uri = image->resolved_uri;
  } else {
    location.repository_type = "S3";
    location.location = parts_.download_url(function);
  }
  if (const auto& reference = function.s3_reference) {
    location.resolved_s3_object =
        ResolvedS3Object{.s3_bucket = reference->bucket, .s3_key = reference->key, .s3_object_version = reference->object_version};
  }
  if (!function.source_kms_key_arn.empty()) location.source_kms_key_arn = function.source_kms_key_arn;
  return location;
}

Task<Result<GetFunctionResponse>> FunctionsApi::GetFunction(Context& ctx, GetFunctionRequest request) {
  MF_CO_TRY(FoundFunction found, FindFunction(parts_.catalog, ctx, request.function_name, request.qualifier));
  co_await parts_.settling.Look(ctx, found.function);
  GetFunctionResponse response;
  response.configuration = parts_.views.Describe(*found.function, found.reference.qualifier);
  response.code = LocationOf(*found.function);
  // Tags and reserved concurrency are the whole function's.
  const catalog::FunctionPointer latest = parts_.catalog.Find(found.reference.name);
  if (latest && !latest->tags.empty()) response.tags = latest->tags;
  if (const auto reserved = parts_.tables.reserved_concurrency.Find(catalog::SettingOwner{found.reference.name}.Key())) {
    response.concurrency = Concurrency{.reserved_concurrent_executions = reserved->executions};
  }
  co_return response;
}

Task<Result<FunctionConfiguration>> FunctionsApi::GetFunctionConfiguration(Context& ctx, GetFunctionConfigurationRequest request) {
  MF_CO_TRY(FoundFunction found, FindFunction(parts_.catalog, ctx, request.function_name, request.qualifier));
  co_await parts_.settling.Look(ctx, found.function);
  co_return parts_.views.Describe(*found.function, found.reference.qualifier);
}

Task<Result<ListFunctionsResponse>> FunctionsApi::ListFunctions(Context& ctx, ListFunctionsRequest request) {
  const std::string prefix = fmt::format("{}/{}/", ctx.principal.account_id, ctx.principal.region);
  const size_t limit = PageLimit(request.max_items, kFunctionsPageMax);
  co_return request.function_version ? ListVersions(prefix, request.marker, limit) : ListLatest(prefix, request.marker, limit);
}

Result<ListFunctionsResponse> FunctionsApi::ListLatest(const std::string& prefix, const std::optional<std::string>& marker, size_t limit) {
  MF_TRY(auto page, NextPage(parts_.tables.functions, prefix, marker, limit));
  wire::WrittenList functions;
  for (const auto& row : page.rows) functions.Append(parts_.views.DescribeInList(row.value, ListTexts::Form::Plain));
  return ListFunctionsResponse{.next_marker = std::move(page.next_marker), .functions = std::move(functions)};
}

// FunctionVersion=ALL: each function with its versions. A marker names the row that came last, "f/" being $LATEST.
Result<ListFunctionsResponse> FunctionsApi::ListVersions(const std::string& prefix, const std::optional<std::string>& marker,
                                                         size_t limit) {
  MF_TRY(const std::string after, ReadMarker(marker));
  std::vector<catalog::FunctionPointer> found = VersionsAfter(parts_.tables, prefix, after, limit + 1);
  ListFunctionsResponse response;
  if (found.size() > limit) {
    found.resize(limit);
    const catalog::Function& last = *found.back();
    response.next_marker = WriteMarker(last.is_latest() ? last.name.Key() + '/' : catalog::RowKey(last));
  }
  wire::WrittenList functions;
  for (const catalog::FunctionPointer& function : found)
    functions.Append(parts_.views.DescribeInList(function, ListTexts::Form::Qualified));
  response.functions = std::move(functions);
  return response;
}

}  // namespace mayfly::lambda
