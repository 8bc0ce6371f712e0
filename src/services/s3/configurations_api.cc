#include "services/s3/configurations_api.h"

#include <algorithm>

#include "services/s3/kept_settings.h"
#include "services/s3/s3_errors.h"

namespace mayfly::s3 {
namespace {

constexpr size_t kConfigurationsPageMax = 100;

Error NoSuchConfiguration() { return Error::Service("NoSuchConfiguration", "The specified configuration does not exist."); }
Error TooManyConfigurations() {
  return Error::Service("TooManyConfigurations", "You are attempting to create a new configuration but have already reached the 1,000-configuration limit.");
}

std::string Name(std::string_view kind, std::string_view id) { return std::string(kind).append(id); }

}  // namespace

Task<Result<>> ConfigurationsApi::Put(Context& ctx, std::string bucket, std::string place, std::string_view document_id, std::string json) {
  const std::string kind = place.substr(0, place.find('/') + 1);
  if (place.substr(kind.size()) != document_id) co_return Fail(InvalidArgument("The configuration ID in the request does not match the one in the URI", "id", document_id));
  co_return co_await buckets_->Edit(ctx, std::move(bucket), [&](BucketRow& row) -> Result<> {
    const auto count = std::ranges::count_if(row.settings, [&](const auto& setting) { return setting.first.starts_with(kind); });
    if (row.Setting(place).empty() && count >= static_cast<int64_t>(kConfigurationsMax)) return Fail(TooManyConfigurations());
    row.Set(place, json);
    return {};
  });
}

Task<Result<>> ConfigurationsApi::Delete(Context& ctx, std::string bucket, std::string place) {
  co_return co_await buckets_->Edit(ctx, std::move(bucket), [&](BucketRow& row) -> Result<> {
    if (row.Setting(place).empty()) return Fail(NoSuchConfiguration());
    row.Set(place, {});
    return {};
  });
}

Result<std::string> ConfigurationsApi::Find(const std::string& bucket, const std::string& place) const {
  MF_TRY(const BucketPointer row, buckets_->Get(bucket));
  const std::string_view text = row->Setting(place);
  return text.empty() ? Result<std::string>(Fail(NoSuchConfiguration())) : std::string(text);
}

Result<ConfigurationsApi::Page> ConfigurationsApi::List(const std::string& bucket, std::string_view kind, const std::optional<std::string>& token) const {
  MF_TRY(const BucketPointer row, buckets_->Get(bucket));
  const auto after = token ? resources::ReadMarker(*token) : std::string();
  if (!after) return Fail(InvalidArgument("The continuation token provided is incorrect", "continuation-token", *token));
  StringPairs found;
  for (const auto& setting : row->settings) {
    if (setting.first.starts_with(kind) && setting.first > *after) found.push_back(setting);
  }
  std::ranges::sort(found);
  Page page;
  if (found.size() > kConfigurationsPageMax) {
    found.resize(kConfigurationsPageMax);
    page.next_token = resources::WriteMarker(found.back().first);
  }
  for (auto& [name, text] : found) page.texts.push_back(std::move(text));
  return page;
}

// The operations of one kind are alike, but for the names of their members.
#define MF_S3_CONFIGURATIONS(Kind, member, kind)                                                                                                                \
  Task<Result<>> ConfigurationsApi::PutBucket##Kind##Configuration(Context& ctx, PutBucket##Kind##ConfigurationRequest request) {                              \
    co_return co_await Put(ctx, request.bucket, Name(kind, request.id), request.member##_configuration.id, SettingText(request.member##_configuration));      \
  }                                                                                                                                                            \
  Task<Result<GetBucket##Kind##ConfigurationResponse>> ConfigurationsApi::GetBucket##Kind##Configuration(Context&,                                            \
                                                                                                        GetBucket##Kind##ConfigurationRequest request) {      \
    MF_CO_TRY(const std::string text, Find(request.bucket, Name(kind, request.id)));                                                                          \
    GetBucket##Kind##ConfigurationResponse response;                                                                                                          \
    MF_CO_TRY(response.member##_configuration, SettingOf<Kind##Configuration>(text));                                                                         \
    co_return response;                                                                                                                                       \
  }                                                                                                                                                            \
  Task<Result<>> ConfigurationsApi::DeleteBucket##Kind##Configuration(Context& ctx, DeleteBucket##Kind##ConfigurationRequest request) {                        \
    co_return co_await Delete(ctx, request.bucket, Name(kind, request.id));                                                                                   \
  }                                                                                                                                                            \
  Task<Result<ListBucket##Kind##ConfigurationsResponse>> ConfigurationsApi::ListBucket##Kind##Configurations(Context&,                                        \
                                                                                                            ListBucket##Kind##ConfigurationsRequest request) { \
    MF_CO_TRY(Page page, List(request.bucket, kind, request.continuation_token));                                                                             \
    ListBucket##Kind##ConfigurationsResponse response;                                                                                                        \
    response.is_truncated = page.next_token.has_value();                                                                                                      \
    response.continuation_token = request.continuation_token;                                                                                                 \
    response.next_continuation_token = std::move(page.next_token);                                                                                            \
    for (const std::string& text : page.texts) {                                                                                                              \
      MF_CO_TRY(auto one, SettingOf<Kind##Configuration>(text));                                                                                              \
      if (!response.member##_configuration_list) response.member##_configuration_list.emplace();                                                              \
      response.member##_configuration_list->push_back(std::move(one));                                                                                        \
    }                                                                                                                                                          \
    co_return response;                                                                                                                                       \
  }

MF_S3_CONFIGURATIONS(Analytics, analytics, "analytics/")
MF_S3_CONFIGURATIONS(IntelligentTiering, intelligent_tiering, "intelligent-tiering/")
MF_S3_CONFIGURATIONS(Inventory, inventory, "inventory/")
MF_S3_CONFIGURATIONS(Metrics, metrics, "metrics/")
#undef MF_S3_CONFIGURATIONS

}  // namespace mayfly::s3
