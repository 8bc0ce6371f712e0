// PublishVersion, ListVersionsByFunction.
#include <fmt/format.h>

#include "services/lambda/lambda_api.h"
#include "services/lambda/paging.h"
#include "services/lambda/settings.h"

namespace mayfly::lambda {
namespace {

constexpr size_t kVersionsPageMax = 50;
constexpr std::string_view kCreating = "The function is being created.";

}  // namespace

void LambdaApi::MarkPending(catalog::Function& function) {
  function.state = "Pending";
  function.state_reason = kCreating;
  function.state_reason_code = "Creating";
  function.last_update_status.clear();
  function.last_update_status_reason.clear();
  function.last_update_status_reason_code.clear();
}

catalog::FunctionPointer LambdaApi::PublishedAs(const catalog::Function& latest) const {
  catalog::FunctionPointer newest = parts_.catalog->NewestVersion(latest.name);
  return newest && newest->published_sha256 == latest.ContentSha256() ? newest : nullptr;
}

catalog::Function LambdaApi::MakeVersion(catalog::Function& latest, const std::optional<std::string>& description) {
  catalog::Function version = latest;
  version.published_sha256 = latest.ContentSha256();
  version.version = std::to_string(++latest.last_version);
  version.last_version = 0;
  version.tags.clear();
  version.TakeNextImage();
  Touch(version);
  version.SetContentId(latest.content_id);
  if (description) version.description = *description;
  return version;
}

Task<Result<FunctionConfiguration>> LambdaApi::PublishVersion(Context& ctx, PublishVersionRequest request) {
  MF_CO_TRY_VOID(CheckPublishTo(request.publish_to));
  MF_CO_TRY(Found found, FindForUpdate(ctx, request.function_name, request.revision_id));
  if (request.code_sha256 && *request.code_sha256 != found.function->ShownCodeSha256()) {
    co_return Fail(InvalidParameterValue(fmt::format("CodeSHA256 ({}) is different from current CodeSHA256 in $LATEST ({}). Please try again with "
                                                     "the CodeSHA256 in $LATEST.", *request.code_sha256, found.function->ShownCodeSha256())));
  }
  if (const catalog::FunctionPointer same = PublishedAs(*found.function)) co_return Describe(*same, same->version);
  const catalog::FunctionName& name = found.function->name;
  if (!found.function->s3_reference) MF_CO_TRY_VOID(CheckCodeStorage(name.account_id, name.region, found.function->code_bytes));
  catalog::Function next = *found.function;
  const catalog::Function version = MakeVersion(next, request.description);
  MF_CO_TRY_VOID(co_await parts_.catalog->Publish(ctx, found.function, std::move(next), version));
  co_return Describe(version, version.version);
}

Task<Result<ListVersionsByFunctionResponse>> LambdaApi::ListVersionsByFunction(Context& ctx, ListVersionsByFunctionRequest request) {
  MF_CO_TRY(catalog::FunctionReference reference, catalog::ParseFunctionReference(ctx, request.function_name, ""));
  const catalog::FunctionPointer latest = parts_.catalog->Find(reference.name);
  if (!latest) co_return Fail(catalog::FunctionNotFound({reference.name, ""}));
  size_t limit = PageLimit(request.max_items, kVersionsPageMax);
  ListVersionsByFunctionResponse response;
  wire::WrittenList versions;
  std::optional<std::string> marker = request.marker;
  if (!marker) {
    versions.Append(DescribeInList(latest, ListTexts::Form::Qualified));
    --limit;
  }
  // "0" comes before every version's key: the marker of a page that had room for $LATEST only.
  if (limit == 0) {
    if (parts_.catalog->NewestVersion(latest->name)) response.next_marker = EncodeMarker("0");
  } else {
    MF_CO_TRY(auto page, NextPage(parts_.tables->versions, latest->name.Key() + '/', marker, limit));
    for (const auto& row : page.rows) versions.Append(DescribeInList(row.value, ListTexts::Form::Qualified));
    response.next_marker = std::move(page.next_marker);
  }
  response.versions = std::move(versions);
  co_return response;
}

std::vector<catalog::FunctionPointer> LambdaApi::VersionsAfter(const std::string& prefix, const std::string& after, size_t limit) const {
  std::vector<catalog::FunctionPointer> found;
  const auto add_versions = [&](const std::string& function_key, const std::string& after_key) {
    for (auto& row : parts_.tables->versions.List(function_key + '/', after_key, limit - found.size())) found.push_back(std::move(row.value));
  };
  std::string function_key = after.substr(0, after.find('/', prefix.size()));
  if (!after.empty()) add_versions(function_key, after == function_key + '/' ? "" : after);
  while (found.size() < limit) {
    auto next = parts_.tables->functions.List(prefix, function_key, 1);
    if (next.empty()) break;
    function_key = next.front().key;
    found.push_back(std::move(next.front().value));
    if (found.size() < limit) add_versions(function_key, "");
  }
  return found;
}

Result<> LambdaApi::CheckUnused(const catalog::Function& version) const {
  std::string users;
  for (const auto& row : parts_.tables->aliases.List(version.name.Key() + '/', "", SIZE_MAX)) {
    if (row.value->function_version == version.version || row.value->additional_version == version.version) {
      users += fmt::format("{}{}", users.empty() ? "" : ", ", row.value->name);
    }
  }
  if (users.empty()) return {};
  return Fail(Conflict(fmt::format("Unable to delete version because the following aliases reference it: [{}]", users)));
}

}  // namespace mayfly::lambda
