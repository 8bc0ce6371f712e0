// PublishVersion, ListVersionsByFunction.
#include "services/lambda/versions_api.h"

#include <fmt/format.h>

#include "services/lambda/code_quota.h"
#include "services/lambda/find_function.h"
#include "services/lambda/function_views.h"
#include "services/lambda/function_vpcs.h"
#include "services/lambda/paging.h"
#include "services/lambda/revisions.h"
#include "services/lambda/settings.h"

namespace mayfly::lambda {
namespace {

constexpr size_t kVersionsPageMax = 50;

}  // namespace

Task<Result<FunctionConfiguration>> VersionsApi::PublishVersion(Context& ctx, PublishVersionRequest request) {
  MF_CO_TRY_VOID(CheckPublishTo(request.publish_to));
  MF_CO_TRY(FoundFunction found, FindForUpdate(parts_.catalog, ctx, request.function_name, request.revision_id));
  if (request.code_sha256 && *request.code_sha256 != found.function->ShownCodeSha256()) {
    co_return Fail(
        InvalidParameterValue(fmt::format("CodeSHA256 ({}) is different from current CodeSHA256 in $LATEST ({}). Please try again with "
                                          "the CodeSHA256 in $LATEST.",
                                          *request.code_sha256, found.function->ShownCodeSha256())));
  }
  if (const catalog::FunctionPointer same = PublishedAs(parts_.catalog, *found.function))
    co_return parts_.views.Describe(*same, same->version);
  const catalog::FunctionName& name = found.function->name;
  if (!found.function->s3_reference) MF_CO_TRY_VOID(parts_.quota.Check(name.account_id, name.region, found.function->code_bytes));
  catalog::Function next = *found.function;
  const catalog::Function version = parts_.revisions.MakeVersion(next, request.description);
  MF_CO_TRY_VOID(co_await parts_.catalog.Publish(ctx, found.function, std::move(next), version));
  co_await parts_.vpcs.Settle(ctx, version.name, version.version);
  co_return parts_.views.Describe(version, version.version);
}

Task<Result<ListVersionsByFunctionResponse>> VersionsApi::ListVersionsByFunction(Context& ctx, ListVersionsByFunctionRequest request) {
  MF_CO_TRY(catalog::FunctionReference reference, catalog::ParseFunctionReference(ctx, request.function_name, ""));
  const catalog::FunctionPointer latest = parts_.catalog.Find(reference.name);
  if (!latest) co_return Fail(catalog::FunctionNotFound({reference.name, ""}));
  size_t limit = PageLimit(request.max_items, kVersionsPageMax);
  ListVersionsByFunctionResponse response;
  wire::WrittenList versions;
  std::optional<std::string> marker = request.marker;
  if (!marker) {
    versions.Append(parts_.views.DescribeInList(latest, ListTexts::Form::Qualified));
    --limit;
  }
  // "0" comes before every version's key: the marker of a page that had room for $LATEST only.
  if (limit == 0) {
    if (parts_.catalog.NewestVersion(latest->name)) response.next_marker = WriteMarker("0");
  } else {
    MF_CO_TRY(auto page, NextPage(parts_.tables.versions, latest->name.Key() + '/', marker, limit));
    for (const auto& row : page.rows) versions.Append(parts_.views.DescribeInList(row.value, ListTexts::Form::Qualified));
    response.next_marker = std::move(page.next_marker);
  }
  response.versions = std::move(versions);
  co_return response;
}

}  // namespace mayfly::lambda
