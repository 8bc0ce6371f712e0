#include <algorithm>

#include "base/text.h"
#include "services/s3/kept_settings.h"
#include "services/s3/notifications.h"
#include "services/s3/object_fields.h"
#include "services/s3/s3_errors.h"
#include "services/s3/settings_api.h"

namespace mayfly::s3 {
namespace {

Error NoTags() { return Error::Service("NoSuchTagSet", "The TagSet does not exist"); }
Error NoWebsite() { return Error::Service("NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration"); }
Error NoReplication() { return Error::Service("ReplicationConfigurationNotFoundError", "The replication configuration was not found"); }
Error NeverMissing() { return Error::Fault("this setting has a default"); }

}  // namespace

Task<Result<>> SettingsApi::Set(Context& ctx, const std::string& bucket, std::string setting, std::string json) {
  co_return co_await buckets_->Edit(ctx, bucket, [setting = std::move(setting), json = std::move(json)](BucketRow& row) -> Result<> {
    row.Set(setting, json);
    return {};
  });
}

// ---- versions ----

Task<Result<GetBucketVersioningResponse>> SettingsApi::GetBucketVersioning(Context&, GetBucketVersioningRequest request) {
  MF_CO_TRY(const BucketPointer bucket, buckets_->Get(request.bucket));
  GetBucketVersioningResponse response;
  if (!bucket->versioning.empty()) response.status = bucket->versioning;
  co_return response;
}

Task<Result<>> SettingsApi::PutBucketVersioning(Context& ctx, PutBucketVersioningRequest request) {
  const std::string status = request.versioning_configuration.status.value_or("");
  if (status.empty()) co_return Fail(Error::Service("IllegalVersioningConfigurationException", "The Versioning element must be specified"));
  if (status != "Enabled" && status != "Suspended") co_return Fail(MalformedXml());
  if (request.versioning_configuration.mfa_delete == "Enabled" || request.mfa) co_return Fail(HeaderNotImplemented("x-amz-mfa"));
  co_return co_await buckets_->Edit(ctx, request.bucket, [&](BucketRow& row) -> Result<> {
    if (row.has_object_lock && status == "Suspended") {
      return Fail(Error::Service("InvalidBucketState", "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed."));
    }
    row.versioning = status;
    return {};
  });
}

// ---- encryption ----

Task<Result<GetBucketEncryptionResponse>> SettingsApi::GetBucketEncryption(Context&, GetBucketEncryptionRequest request) {
  MF_CO_TRY(const BucketPointer bucket, buckets_->Get(request.bucket));
  GetBucketEncryptionResponse response;
  MF_CO_TRY(response.server_side_encryption_configuration, SettingOf<ServerSideEncryptionConfiguration>(bucket->Setting("encryption")));
  auto& rules = response.server_side_encryption_configuration->rules;
  if (rules.empty()) {
    ServerSideEncryptionRule& rule = rules.emplace_back();
    rule.apply_server_side_encryption_by_default.emplace().sse_algorithm = "AES256";
    rule.bucket_key_enabled = false;
  }
  co_return response;
}

Task<Result<>> SettingsApi::PutBucketEncryption(Context& ctx, PutBucketEncryptionRequest request) {
  ServerSideEncryptionConfiguration& configuration = request.server_side_encryption_configuration;
  if (configuration.rules.size() != 1 || !configuration.rules.front().apply_server_side_encryption_by_default) co_return Fail(MalformedXml());
  ServerSideEncryptionRule& rule = configuration.rules.front();
  const ServerSideEncryptionByDefault& usual = *rule.apply_server_side_encryption_by_default;
  if (usual.sse_algorithm != "AES256" && !usual.sse_algorithm.starts_with("aws:kms")) co_return Fail(MalformedXml());
  if (usual.sse_algorithm == "AES256" && usual.kms_master_key_id) {
    co_return Fail(InvalidArgument("a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse", "ApplyServerSideEncryptionByDefault", {}));
  }
  if (!rule.bucket_key_enabled) rule.bucket_key_enabled = false;
  co_return co_await Set(ctx, request.bucket, "encryption", SettingText(configuration));
}

Task<Result<>> SettingsApi::DeleteBucketEncryption(Context& ctx, DeleteBucketEncryptionRequest request) {
  co_return co_await Set(ctx, request.bucket, "encryption", {});
}

// ---- tags ----

Task<Result<GetBucketTaggingResponse>> SettingsApi::GetBucketTagging(Context&, GetBucketTaggingRequest request) {
  MF_CO_TRY(const BucketPointer bucket, buckets_->Get(request.bucket));
  if (bucket->tags.empty()) co_return Fail(WithElement(NoTags(), "BucketName", bucket->name));
  co_return GetBucketTaggingResponse{.tag_set = TagList(bucket->tags)};
}

Task<Result<>> SettingsApi::PutBucketTagging(Context& ctx, PutBucketTaggingRequest request) {
  MF_CO_TRY(const StringPairs tags, TagsOf(request.tagging.tag_set, kBucketTagsMax));
  co_return co_await buckets_->Edit(ctx, request.bucket, [&](BucketRow& row) -> Result<> {
    row.tags = tags;
    return {};
  });
}

Task<Result<>> SettingsApi::DeleteBucketTagging(Context& ctx, DeleteBucketTaggingRequest request) {
  co_return co_await buckets_->Edit(ctx, request.bucket, [](BucketRow& row) -> Result<> {
    row.tags.clear();
    return {};
  });
}

// ---- notifications ----

Task<Result<GetBucketNotificationConfigurationResponse>> SettingsApi::GetBucketNotificationConfiguration(Context&,
                                                                                                        GetBucketNotificationConfigurationRequest request) {
  MF_CO_TRY(const BucketPointer bucket, buckets_->Get(request.bucket));
  MF_CO_TRY(NotificationConfiguration set, SettingOf<NotificationConfiguration>(bucket->Setting("notification")));
  co_return GetBucketNotificationConfigurationResponse{.topic_configurations = std::move(set.topic_configurations),
                                                       .queue_configurations = std::move(set.queue_configurations),
                                                       .lambda_function_configurations = std::move(set.lambda_function_configurations),
                                                       .event_bridge_configuration = set.event_bridge_configuration};
}

// Asks each target whether it would let the bucket in.
Result<> SettingsApi::CheckTargets(const BucketRow& bucket, const NotificationConfiguration& configuration) const {
  for (const NotificationRule& rule : RulesOf(configuration)) {
    delivery::Delivery probe;
    probe.target_arn = rule.target_arn;
    probe.source_arn = BucketArn(bucket.name);
    probe.principal = delivery::DeliveryPrincipal::Service(std::string(kOwnPrincipal), bucket.account_id);
    if (targets_->Authorize(probe)) continue;
    return Fail(InvalidArgument("Unable to validate the following destination configurations", rule.target_arn, NotAllowedText(rule.target_arn)));
  }
  return {};
}

// Queues and topics are told that they will be; functions are not.
Task<Result<>> SettingsApi::SendTests(Context& ctx, const BucketRow& bucket, const NotificationConfiguration& configuration) {
  const std::string event = TestEvent(bucket, ctx.request_id, objects_->clock().WallNow());
  std::vector<std::string> targets;
  for (const auto& one : configuration.queue_configurations.value_or(std::vector<QueueConfiguration>())) targets.push_back(one.queue_arn);
  for (const auto& one : configuration.topic_configurations.value_or(std::vector<TopicConfiguration>())) targets.push_back(one.topic_arn);
  for (const std::string& target : targets) MF_CO_TRY_VOID(co_await outbox_->Owe(ctx, bucket, target, event));
  co_return Result<>();
}

Task<Result<>> SettingsApi::PutBucketNotificationConfiguration(Context& ctx, PutBucketNotificationConfigurationRequest request) {
  MF_CO_TRY(const BucketPointer bucket, buckets_->Get(request.bucket));
  NotificationConfiguration& configuration = request.notification_configuration;
  MF_CO_TRY_VOID(CheckAndComplete(configuration, *random_));
  if (!request.skip_destination_validation.value_or(false)) MF_CO_TRY_VOID(CheckTargets(*bucket, configuration));
  const bool is_off = RulesOf(configuration).empty() && !configuration.event_bridge_configuration;
  MF_CO_TRY_VOID(co_await Set(ctx, request.bucket, "notification", is_off ? std::string() : SettingText(configuration)));
  if (!request.skip_destination_validation.value_or(false)) MF_CO_TRY_VOID(co_await SendTests(ctx, *bucket, configuration));
  co_return Result<>();
}

// ---- what is kept and changes nothing here ----

template <typename T>
Result<T> SettingsApi::SettingFor(const std::string& name, std::string_view setting, Error (*missing)()) const {
  MF_TRY(const BucketPointer bucket, buckets_->Get(name));
  const std::string_view json = bucket->Setting(setting);
  if (json.empty() && missing != &NeverMissing) return Fail(WithElement(missing(), "BucketName", name));
  return SettingOf<T>(json);
}
template Result<PublicAccessBlockConfiguration> SettingsApi::SettingFor(const std::string&, std::string_view, Error (*)()) const;
template Result<CORSConfiguration> SettingsApi::SettingFor(const std::string&, std::string_view, Error (*)()) const;
template Result<BucketLifecycleConfiguration> SettingsApi::SettingFor(const std::string&, std::string_view, Error (*)()) const;
template Result<ObjectLockConfiguration> SettingsApi::SettingFor(const std::string&, std::string_view, Error (*)()) const;

Task<Result<GetBucketLoggingResponse>> SettingsApi::GetBucketLogging(Context&, GetBucketLoggingRequest request) {
  MF_CO_TRY(BucketLoggingStatus set, SettingFor<BucketLoggingStatus>(request.bucket, "logging", &NeverMissing));
  co_return GetBucketLoggingResponse{.logging_enabled = std::move(set.logging_enabled)};
}

Task<Result<>> SettingsApi::PutBucketLogging(Context& ctx, PutBucketLoggingRequest request) {
  if (const auto& logging = request.bucket_logging_status.logging_enabled; logging && !buckets_->Find(logging->target_bucket)) {
    co_return Fail(Error::Service("InvalidTargetBucketForLogging", "The target bucket for logging does not exist"));
  }
  co_return co_await Set(ctx, request.bucket, "logging", SettingText(request.bucket_logging_status));
}

Task<Result<GetBucketRequestPaymentResponse>> SettingsApi::GetBucketRequestPayment(Context&, GetBucketRequestPaymentRequest request) {
  MF_CO_TRY(RequestPaymentConfiguration set, SettingFor<RequestPaymentConfiguration>(request.bucket, "request-payment", &NeverMissing));
  co_return GetBucketRequestPaymentResponse{.payer = set.payer.empty() ? "BucketOwner" : set.payer};
}

Task<Result<>> SettingsApi::PutBucketRequestPayment(Context& ctx, PutBucketRequestPaymentRequest request) {
  const std::string& payer = request.request_payment_configuration.payer;
  if (payer != "BucketOwner" && payer != "Requester") co_return Fail(MalformedXml());
  co_return co_await Set(ctx, request.bucket, "request-payment", SettingText(request.request_payment_configuration));
}

Task<Result<GetBucketAccelerateConfigurationResponse>> SettingsApi::GetBucketAccelerateConfiguration(Context&, GetBucketAccelerateConfigurationRequest request) {
  MF_CO_TRY(AccelerateConfiguration set, SettingFor<AccelerateConfiguration>(request.bucket, "accelerate", &NeverMissing));
  co_return GetBucketAccelerateConfigurationResponse{.status = set.status, .request_charged = {}};
}

Task<Result<>> SettingsApi::PutBucketAccelerateConfiguration(Context& ctx, PutBucketAccelerateConfigurationRequest request) {
  const std::string status = request.accelerate_configuration.status.value_or("");
  if (status != "Enabled" && status != "Suspended") co_return Fail(MalformedXml());
  co_return co_await Set(ctx, request.bucket, "accelerate", SettingText(request.accelerate_configuration));
}

Task<Result<GetBucketWebsiteResponse>> SettingsApi::GetBucketWebsite(Context&, GetBucketWebsiteRequest request) {
  MF_CO_TRY(WebsiteConfiguration set, SettingFor<WebsiteConfiguration>(request.bucket, "website", &NoWebsite));
  co_return GetBucketWebsiteResponse{.redirect_all_requests_to = std::move(set.redirect_all_requests_to), .index_document = std::move(set.index_document),
                                     .error_document = std::move(set.error_document), .routing_rules = std::move(set.routing_rules)};
}

Task<Result<>> SettingsApi::PutBucketWebsite(Context& ctx, PutBucketWebsiteRequest request) {
  const WebsiteConfiguration& website = request.website_configuration;
  if (!website.index_document && !website.redirect_all_requests_to) co_return Fail(InvalidArgument("A value for IndexDocument Suffix must be provided if "
                                                                                                  "RedirectAllRequestsTo is empty", "IndexDocument", "null"));
  if (website.index_document && (website.index_document->suffix.empty() || website.index_document->suffix.find('/') != std::string::npos)) {
    co_return Fail(InvalidArgument("The IndexDocument Suffix is not well formed", "IndexDocument", website.index_document->suffix));
  }
  co_return co_await Set(ctx, request.bucket, "website", SettingText(website));
}

Task<Result<>> SettingsApi::DeleteBucketWebsite(Context& ctx, DeleteBucketWebsiteRequest request) { co_return co_await Set(ctx, request.bucket, "website", {}); }

// ---- replication: a record ----

Task<Result<GetBucketReplicationResponse>> SettingsApi::GetBucketReplication(Context&, GetBucketReplicationRequest request) {
  GetBucketReplicationResponse response;
  MF_CO_TRY(response.replication_configuration, SettingFor<ReplicationConfiguration>(request.bucket, "replication", &NoReplication));
  co_return response;
}

Result<> SettingsApi::CheckReplication(const BucketRow& bucket, const ReplicationConfiguration& configuration) const {
  if (!bucket.keeps_versions()) return Fail(InvalidRequest("Versioning must be 'Enabled' on the bucket to apply a replication configuration"));
  if (!configuration.role.starts_with("arn:")) return Fail(InvalidArgument("Invalid Role specified in replication configuration", "Role", configuration.role));
  if (configuration.rules.empty() || configuration.rules.size() > kReplicationRulesMax) return Fail(MalformedXml());
  for (const ReplicationRule& rule : configuration.rules) {
    if (rule.status != "Enabled" && rule.status != "Disabled") return Fail(MalformedXml());
    constexpr std::string_view kArn = "arn:aws:s3:::";
    const std::string& arn = rule.destination.bucket;
    if (!arn.starts_with(kArn)) return Fail(InvalidArgument("Invalid bucket ARN.", "Bucket", arn));
    const BucketPointer target = buckets_->Find(arn.substr(kArn.size()));
    if (!target) return Fail(InvalidRequest("Destination bucket must exist."));
    if (!target->keeps_versions()) return Fail(InvalidRequest("Destination bucket must have versioning enabled."));
  }
  return {};
}

Task<Result<>> SettingsApi::PutBucketReplication(Context& ctx, PutBucketReplicationRequest request) {
  ReplicationConfiguration& configuration = request.replication_configuration;
  MF_CO_TRY(const BucketPointer bucket, buckets_->Get(request.bucket));
  MF_CO_TRY_VOID(CheckReplication(*bucket, configuration));
  for (ReplicationRule& rule : configuration.rules) {
    if (!rule.id || rule.id->empty()) rule.id = random_->Uuid();
  }
  co_return co_await Set(ctx, request.bucket, "replication", SettingText(configuration));
}

Task<Result<>> SettingsApi::DeleteBucketReplication(Context& ctx, DeleteBucketReplicationRequest request) {
  co_return co_await Set(ctx, request.bucket, "replication", {});
}

}  // namespace mayfly::s3
