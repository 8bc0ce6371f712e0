// PublishLayerVersion, GetLayerVersion, GetLayerVersionByArn, ListLayers, ListLayerVersions, DeleteLayerVersion.
#include "services/lambda/layers_api.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/encoding.h"
#include "base/text.h"
#include "catalog/layer_catalog.h"
#include "catalog/tables.h"
#include "services/lambda/code_intake.h"
#include "services/lambda/code_quota.h"
#include "services/lambda/function_layers.h"
#include "services/lambda/paging.h"
#include "services/lambda/settings.h"

namespace mayfly::lambda {
namespace {

constexpr size_t kLayersPageMax = 50;

bool Contains(const std::optional<std::vector<std::string>>& list, const std::string& item) {
  return list && std::find(list->begin(), list->end(), item) != list->end();
}

// What both lists can be narrowed to.
template <typename Request>
catalog::LayerCatalog::Filter FilterOf(const Request& request) {
  return [runtime = request.compatible_runtime, architecture = request.compatible_architecture](const catalog::LayerVersion& version) {
    return (!runtime || Contains(version.compatible_runtimes, *runtime)) &&
           (!architecture || Contains(version.compatible_architectures, *architecture));
  };
}

LayerVersionsListItem ListItem(const catalog::LayerVersion& version) {
  LayerVersionsListItem item;
  item.layer_version_arn = version.name.Arn();
  item.version = version.name.number;
  item.description = version.description;
  item.created_date = version.created_date;
  item.compatible_architectures = version.compatible_architectures;
  item.compatible_runtimes = version.compatible_runtimes;
  if (!version.license_info.empty()) item.license_info = version.license_info;
  return item;
}

// A layer that only its owner may do `action` with. Error: AccessDeniedException.
Result<catalog::LayerName> OwnLayer(const Context& ctx, std::string_view text, std::string_view action) {
  catalog::LayerName layer = catalog::ParseLayerName(text, ctx.principal.account_id, ctx.principal.region);
  if (layer.account_id == ctx.principal.account_id) return layer;
  return Fail(Error::Service("AccessDeniedException", fmt::format("User: {} is not authorized to perform: {} on resource: {}",
                                                                  ctx.principal.arn, action, layer.Arn())));
}

Result<> CheckNumber(int64_t number) {
  if (number < 1) return Fail(InvalidParameterValue("Layer Version Cannot be less than 1"));
  return {};
}

// A marker of ListLayerVersions is the number that came last.
Result<int64_t> NumberBefore(const std::optional<std::string>& marker) {
  MF_TRY(const std::string text, ReadMarker(marker));
  if (text.empty()) return std::numeric_limits<int64_t>::max();
  const std::optional<int64_t> number = ParseNumber<int64_t>(text);
  if (!number) return Fail(InvalidMarker());
  return *number;
}

}  // namespace

GetLayerVersionResponse LayersApi::Describe(const catalog::LayerVersion& version) const {
  LayerVersionContentOutput content;
  content.location = parts_.download_url(version);
  content.code_sha256 = Base64Encode(HexDecode(version.code_sha256).value_or(""));
  content.code_size = version.code_bytes;
  if (!version.signing_profile_version_arn.empty()) content.signing_profile_version_arn = version.signing_profile_version_arn;
  if (!version.signing_job_arn.empty()) content.signing_job_arn = version.signing_job_arn;
  GetLayerVersionResponse view;
  view.content = std::move(content);
  view.layer_arn = version.name.layer.Arn();
  view.layer_version_arn = version.name.Arn();
  view.description = version.description;
  view.created_date = version.created_date;
  view.version = version.name.number;
  view.compatible_architectures = version.compatible_architectures;
  view.compatible_runtimes = version.compatible_runtimes;
  if (!version.license_info.empty()) view.license_info = version.license_info;
  return view;
}

Result<GetLayerVersionResponse> LayersApi::Find(const Context& ctx, const catalog::LayerVersionName& name) const {
  MF_TRY_VOID(MayUseLayer(ctx, parts_.access, name));
  const catalog::LayerVersionPointer version = parts_.layers.Find(name);
  if (!version || name.layer.region != ctx.principal.region) return Fail(NoSuchResource());
  return Describe(*version);
}

Task<Result<PublishLayerVersionResponse>> LayersApi::PublishLayerVersion(Context& ctx, PublishLayerVersionRequest request) {
  catalog::LayerVersion version;
  MF_CO_TRY(version.name.layer, OwnLayer(ctx, request.layer_name, "lambda:PublishLayerVersion"));
  if (version.name.layer.region != ctx.principal.region) co_return Fail(NoSuchResource());
  if (!request.content.zip_file && !request.content.s3_bucket)
    co_return Fail(InvalidParameterValue("Please provide a source for layer content."));
  FunctionCode content;
  content.zip_file = std::move(request.content.zip_file);
  content.s3_bucket = std::move(request.content.s3_bucket);
  content.s3_key = std::move(request.content.s3_key);
  content.s3_object_version = std::move(request.content.s3_object_version);
  content.s3_object_storage_mode = std::move(request.content.s3_object_storage_mode);
  MF_CO_TRY(const CodeIntake::Stored stored, co_await parts_.code.Store(ctx, std::move(content), std::nullopt));
  MF_CO_TRY_VOID(parts_.quota.Check(version.name.layer.account_id, version.name.layer.region, stored.bytes));
  version.description = request.description.value_or("");
  version.license_info = request.license_info.value_or("");
  version.compatible_runtimes = std::move(request.compatible_runtimes);
  version.compatible_architectures = std::move(request.compatible_architectures);
  version.code_sha256 = stored.sha256_hex;
  version.code_bytes = stored.bytes;
  version.signing_profile_version_arn = stored.signing_profile_version_arn;
  version.signing_job_arn = stored.signing_job_arn;
  version.created_date = FormatLambdaTime(parts_.clock.WallNow());
  MF_CO_TRY(const catalog::LayerVersionPointer published, co_await parts_.layers.Publish(ctx, std::move(version)));
  GetLayerVersionResponse view = Describe(*published);
  co_return PublishLayerVersionResponse{.content = std::move(view.content),
                                        .layer_arn = std::move(view.layer_arn),
                                        .layer_version_arn = std::move(view.layer_version_arn),
                                        .description = std::move(view.description),
                                        .created_date = std::move(view.created_date),
                                        .version = view.version,
                                        .compatible_architectures = std::move(view.compatible_architectures),
                                        .compatible_runtimes = std::move(view.compatible_runtimes),
                                        .license_info = std::move(view.license_info)};
}

Task<Result<GetLayerVersionResponse>> LayersApi::GetLayerVersion(Context& ctx, GetLayerVersionRequest request) {
  MF_CO_TRY_VOID(CheckNumber(request.version_number));
  co_return Find(ctx,
                 {catalog::ParseLayerName(request.layer_name, ctx.principal.account_id, ctx.principal.region), request.version_number});
}

Task<Result<GetLayerVersionResponse>> LayersApi::GetLayerVersionByArn(Context& ctx, GetLayerVersionByArnRequest request) {
  const auto name = catalog::ParseLayerVersionArn(request.arn);
  if (!name) co_return Fail(NoSuchResource());
  MF_CO_TRY_VOID(CheckNumber(name->number));
  co_return Find(ctx, *name);
}

Task<Result<ListLayersResponse>> LayersApi::ListLayers(Context& ctx, ListLayersRequest request) {
  const catalog::LayerCatalog::Filter wanted = FilterOf(request);
  const auto newest = [&](const catalog::LayerName& layer) {
    const auto versions = parts_.layers.Versions(layer, std::numeric_limits<int64_t>::max(), 1, wanted);
    return versions.empty() ? nullptr : versions.front();
  };
  const std::string prefix = fmt::format("{}/{}/", ctx.principal.account_id, ctx.principal.region);
  MF_CO_TRY(auto page, NextPageIf(parts_.tables.layers, prefix, request.marker, PageLimit(request.max_items, kLayersPageMax),
                                  [&](const auto& row) { return newest(row.value->name) != nullptr; }));
  std::vector<LayersListItem> layers;
  for (const auto& row : page.rows) {
    const catalog::LayerName& layer = row.value->name;
    layers.push_back({.layer_name = layer.name, .layer_arn = layer.Arn(), .latest_matching_version = ListItem(*newest(layer))});
  }
  co_return ListLayersResponse{.next_marker = std::move(page.next_marker), .layers = std::move(layers)};
}

Task<Result<ListLayerVersionsResponse>> LayersApi::ListLayerVersions(Context& ctx, ListLayerVersionsRequest request) {
  MF_CO_TRY(const catalog::LayerName layer, OwnLayer(ctx, request.layer_name, "lambda:ListLayerVersions"));
  MF_CO_TRY(const int64_t before, NumberBefore(request.marker));
  const size_t limit = PageLimit(request.max_items, kLayersPageMax);
  auto found = parts_.layers.Versions(layer, before, limit + 1, FilterOf(request));
  ListLayerVersionsResponse response;
  if (found.size() > limit) {
    found.resize(limit);
    response.next_marker = WriteMarker(std::to_string(found.back()->name.number));
  }
  std::vector<LayerVersionsListItem> versions;
  for (const auto& version : found) versions.push_back(ListItem(*version));
  response.layer_versions = std::move(versions);
  co_return response;
}

Task<Result<>> LayersApi::DeleteLayerVersion(Context& ctx, DeleteLayerVersionRequest request) {
  MF_CO_TRY_VOID(CheckNumber(request.version_number));
  MF_CO_TRY(catalog::LayerName layer, OwnLayer(ctx, request.layer_name, "lambda:DeleteLayerVersion"));
  co_return co_await parts_.layers.Delete(ctx, {std::move(layer), request.version_number});
}

}  // namespace mayfly::lambda
