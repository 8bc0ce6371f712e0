// Configurations of a bucket that only records have here: analytics, metrics, inventories, intelligent tiering. Each bucket has many of each, by
// their Ids; they are kept in its row (kept_settings.h) and given back as they came. Nothing acts on them.
//
// One per daemon, on its strand. Bound: kConfigurationsMax of each kind in a bucket.
#pragma once

#include "model/s3.h"
#include "services/s3/buckets.h"

namespace mayfly::s3 {

inline constexpr size_t kConfigurationsMax = 1000;

class ConfigurationsApi final : public ConfigurationsHandler {
 public:
  // It outlives this.
  explicit ConfigurationsApi(Buckets& buckets) : buckets_(&buckets) {}

  Task<Result<>> PutBucketAnalyticsConfiguration(Context& ctx, PutBucketAnalyticsConfigurationRequest request) override;
  Task<Result<GetBucketAnalyticsConfigurationResponse>> GetBucketAnalyticsConfiguration(Context& ctx, GetBucketAnalyticsConfigurationRequest request) override;
  Task<Result<>> DeleteBucketAnalyticsConfiguration(Context& ctx, DeleteBucketAnalyticsConfigurationRequest request) override;
  Task<Result<ListBucketAnalyticsConfigurationsResponse>> ListBucketAnalyticsConfigurations(Context& ctx, ListBucketAnalyticsConfigurationsRequest request) override;
  Task<Result<>> PutBucketIntelligentTieringConfiguration(Context& ctx, PutBucketIntelligentTieringConfigurationRequest request) override;
  Task<Result<GetBucketIntelligentTieringConfigurationResponse>> GetBucketIntelligentTieringConfiguration(
      Context& ctx, GetBucketIntelligentTieringConfigurationRequest request) override;
  Task<Result<>> DeleteBucketIntelligentTieringConfiguration(Context& ctx, DeleteBucketIntelligentTieringConfigurationRequest request) override;
  Task<Result<ListBucketIntelligentTieringConfigurationsResponse>> ListBucketIntelligentTieringConfigurations(
      Context& ctx, ListBucketIntelligentTieringConfigurationsRequest request) override;
  Task<Result<>> PutBucketInventoryConfiguration(Context& ctx, PutBucketInventoryConfigurationRequest request) override;
  Task<Result<GetBucketInventoryConfigurationResponse>> GetBucketInventoryConfiguration(Context& ctx, GetBucketInventoryConfigurationRequest request) override;
  Task<Result<>> DeleteBucketInventoryConfiguration(Context& ctx, DeleteBucketInventoryConfigurationRequest request) override;
  Task<Result<ListBucketInventoryConfigurationsResponse>> ListBucketInventoryConfigurations(Context& ctx, ListBucketInventoryConfigurationsRequest request) override;
  Task<Result<>> PutBucketMetricsConfiguration(Context& ctx, PutBucketMetricsConfigurationRequest request) override;
  Task<Result<GetBucketMetricsConfigurationResponse>> GetBucketMetricsConfiguration(Context& ctx, GetBucketMetricsConfigurationRequest request) override;
  Task<Result<>> DeleteBucketMetricsConfiguration(Context& ctx, DeleteBucketMetricsConfigurationRequest request) override;
  Task<Result<ListBucketMetricsConfigurationsResponse>> ListBucketMetricsConfigurations(Context& ctx, ListBucketMetricsConfigurationsRequest request) override;

 private:
  // `place`: the setting's name, "metrics/ID". Errors: InvalidArgument for an Id that is not the document's; TooManyConfigurations.
  Task<Result<>> Put(Context& ctx, std::string bucket, std::string place, std::string_view document_id, std::string json);
  Task<Result<>> Delete(Context& ctx, std::string bucket, std::string place);
  // Error: NoSuchConfiguration.
  Result<std::string> Find(const std::string& bucket, const std::string& place) const;
  // A page of those whose names begin with `kind` ("metrics/"). Error: InvalidArgument, for a token of others.
  struct Page {
    std::vector<std::string> texts;
    std::optional<std::string> next_token;
  };
  Result<Page> List(const std::string& bucket, std::string_view kind, const std::optional<std::string>& token) const;

  Buckets* buckets_;
};

}  // namespace mayfly::s3
