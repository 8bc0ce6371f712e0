// CORS and lifecycles.
#include "services/s3/cors.h"
#include "services/s3/kept_settings.h"
#include "services/s3/lifecycle.h"
#include "services/s3/s3_errors.h"
#include "services/s3/settings_api.h"

namespace mayfly::s3 {
namespace {

constexpr std::string_view kUsualTransitionSize = "all_storage_classes_128K";

Error NoCors() { return Error::Service("NoSuchCORSConfiguration", "The CORS configuration does not exist"); }
Error NoLifecycle() { return Error::Service("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"); }

}  // namespace

Task<Result<GetBucketCorsResponse>> SettingsApi::GetBucketCors(Context&, GetBucketCorsRequest request) {
  MF_CO_TRY(CORSConfiguration set, SettingFor<CORSConfiguration>(request.bucket, "cors", &NoCors));
  co_return GetBucketCorsResponse{.cors_rules = std::move(set.cors_rules)};
}

Task<Result<>> SettingsApi::PutBucketCors(Context& ctx, PutBucketCorsRequest request) {
  const auto& rules = request.cors_configuration.cors_rules;
  if (rules.empty() || rules.size() > kCorsRulesMax) co_return Fail(MalformedXml());
  MF_CO_TRY_VOID(CheckCorsRules(rules));
  co_return co_await Set(ctx, request.bucket, "cors", SettingText(request.cors_configuration));
}

Task<Result<>> SettingsApi::DeleteBucketCors(Context& ctx, DeleteBucketCorsRequest request) { co_return co_await Set(ctx, request.bucket, "cors", {}); }

Task<Result<GetBucketLifecycleConfigurationResponse>> SettingsApi::GetBucketLifecycleConfiguration(Context&, GetBucketLifecycleConfigurationRequest request) {
  MF_CO_TRY(BucketLifecycleConfiguration set, SettingFor<BucketLifecycleConfiguration>(request.bucket, "lifecycle", &NoLifecycle));
  co_return GetBucketLifecycleConfigurationResponse{.rules = std::move(set.rules), .transition_default_minimum_object_size = std::string(kUsualTransitionSize)};
}

Task<Result<PutBucketLifecycleConfigurationResponse>> SettingsApi::PutBucketLifecycleConfiguration(Context& ctx,
                                                                                                 PutBucketLifecycleConfigurationRequest request) {
  if (!request.lifecycle_configuration || request.lifecycle_configuration->rules.empty()) co_return Fail(MalformedXml());
  auto& rules = request.lifecycle_configuration->rules;
  if (rules.size() > kLifecycleRulesMax) co_return Fail(MalformedXml());
  MF_CO_TRY_VOID(CheckAndCompleteRules(rules, *random_));
  MF_CO_TRY_VOID(co_await Set(ctx, request.bucket, "lifecycle", SettingText(*request.lifecycle_configuration)));
  co_return PutBucketLifecycleConfigurationResponse{
      .transition_default_minimum_object_size = request.transition_default_minimum_object_size.value_or(std::string(kUsualTransitionSize))};
}

Task<Result<>> SettingsApi::DeleteBucketLifecycle(Context& ctx, DeleteBucketLifecycleRequest request) {
  co_return co_await Set(ctx, request.bucket, "lifecycle", {});
}

}  // namespace mayfly::s3
