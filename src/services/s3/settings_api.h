// The operations of S3 that set something for a bucket or an object, and tell what is set.
//
// One per daemon, on its strand. A setting is checked as far as S3 checks it, kept in the bucket's row (kept_settings.h), and obeyed by those that
// it is about: versions and locks by ObjectStore, lifecycles by LifecycleCollector, policies and ACLs by Authorizer, notifications by Outbox.
// CORS by Visits. Encryption, logging, website, request payment, acceleration and replication are kept and told, and change nothing here.
#pragma once

#include "delivery/target_router.h"
#include "model/s3.h"
#include "services/s3/object_store.h"

namespace mayfly::s3 {

inline constexpr size_t kPolicyBytesMax = 20 * 1024;
inline constexpr size_t kLifecycleRulesMax = 1000;
inline constexpr size_t kCorsRulesMax = 100;
inline constexpr size_t kReplicationRulesMax = 1000;

class SettingsApi final : public AccessHandler, public SettingsHandler, public TagsHandler {
 public:
  // All outlive it.
  SettingsApi(Buckets& buckets, ObjectStore& objects, Outbox& outbox, const delivery::TargetRouter& targets, Random& random)
      : buckets_(&buckets), objects_(&objects), outbox_(&outbox), targets_(&targets), random_(&random) {}

  // --- who may do what (api_access.cc) ---
  Task<Result<GetBucketPolicyResponse>> GetBucketPolicy(Context& ctx, GetBucketPolicyRequest request) override;
  Task<Result<>> PutBucketPolicy(Context& ctx, PutBucketPolicyRequest request) override;
  Task<Result<>> DeleteBucketPolicy(Context& ctx, DeleteBucketPolicyRequest request) override;
  Task<Result<GetBucketPolicyStatusResponse>> GetBucketPolicyStatus(Context& ctx, GetBucketPolicyStatusRequest request) override;
  Task<Result<GetBucketAclResponse>> GetBucketAcl(Context& ctx, GetBucketAclRequest request) override;
  Task<Result<>> PutBucketAcl(Context& ctx, PutBucketAclRequest request) override;
  Task<Result<GetObjectAclResponse>> GetObjectAcl(Context& ctx, GetObjectAclRequest request) override;
  Task<Result<PutObjectAclResponse>> PutObjectAcl(Context& ctx, PutObjectAclRequest request) override;
  Task<Result<GetPublicAccessBlockResponse>> GetPublicAccessBlock(Context& ctx, GetPublicAccessBlockRequest request) override;
  Task<Result<>> PutPublicAccessBlock(Context& ctx, PutPublicAccessBlockRequest request) override;
  Task<Result<>> DeletePublicAccessBlock(Context& ctx, DeletePublicAccessBlockRequest request) override;
  Task<Result<GetBucketOwnershipControlsResponse>> GetBucketOwnershipControls(Context& ctx, GetBucketOwnershipControlsRequest request) override;
  Task<Result<>> PutBucketOwnershipControls(Context& ctx, PutBucketOwnershipControlsRequest request) override;
  Task<Result<>> DeleteBucketOwnershipControls(Context& ctx, DeleteBucketOwnershipControlsRequest request) override;

  // --- what buckets do (api_settings.cc, api_rules.cc) ---
  Task<Result<GetBucketVersioningResponse>> GetBucketVersioning(Context& ctx, GetBucketVersioningRequest request) override;
  Task<Result<>> PutBucketVersioning(Context& ctx, PutBucketVersioningRequest request) override;
  Task<Result<GetBucketCorsResponse>> GetBucketCors(Context& ctx, GetBucketCorsRequest request) override;
  Task<Result<>> PutBucketCors(Context& ctx, PutBucketCorsRequest request) override;
  Task<Result<>> DeleteBucketCors(Context& ctx, DeleteBucketCorsRequest request) override;
  Task<Result<GetBucketEncryptionResponse>> GetBucketEncryption(Context& ctx, GetBucketEncryptionRequest request) override;
  Task<Result<>> PutBucketEncryption(Context& ctx, PutBucketEncryptionRequest request) override;
  Task<Result<>> DeleteBucketEncryption(Context& ctx, DeleteBucketEncryptionRequest request) override;
  Task<Result<GetBucketLifecycleConfigurationResponse>> GetBucketLifecycleConfiguration(Context& ctx, GetBucketLifecycleConfigurationRequest request) override;
  Task<Result<PutBucketLifecycleConfigurationResponse>> PutBucketLifecycleConfiguration(Context& ctx, PutBucketLifecycleConfigurationRequest request) override;
  Task<Result<>> DeleteBucketLifecycle(Context& ctx, DeleteBucketLifecycleRequest request) override;
  Task<Result<GetBucketTaggingResponse>> GetBucketTagging(Context& ctx, GetBucketTaggingRequest request) override;
  Task<Result<>> PutBucketTagging(Context& ctx, PutBucketTaggingRequest request) override;
  Task<Result<>> DeleteBucketTagging(Context& ctx, DeleteBucketTaggingRequest request) override;
  Task<Result<GetBucketNotificationConfigurationResponse>> GetBucketNotificationConfiguration(Context& ctx,
                                                                                             GetBucketNotificationConfigurationRequest request) override;
  Task<Result<>> PutBucketNotificationConfiguration(Context& ctx, PutBucketNotificationConfigurationRequest request) override;
  Task<Result<GetBucketLoggingResponse>> GetBucketLogging(Context& ctx, GetBucketLoggingRequest request) override;
  Task<Result<>> PutBucketLogging(Context& ctx, PutBucketLoggingRequest request) override;
  Task<Result<GetBucketRequestPaymentResponse>> GetBucketRequestPayment(Context& ctx, GetBucketRequestPaymentRequest request) override;
  Task<Result<>> PutBucketRequestPayment(Context& ctx, PutBucketRequestPaymentRequest request) override;
  Task<Result<GetBucketAccelerateConfigurationResponse>> GetBucketAccelerateConfiguration(Context& ctx, GetBucketAccelerateConfigurationRequest request) override;
  Task<Result<>> PutBucketAccelerateConfiguration(Context& ctx, PutBucketAccelerateConfigurationRequest request) override;
  Task<Result<GetBucketWebsiteResponse>> GetBucketWebsite(Context& ctx, GetBucketWebsiteRequest request) override;
  Task<Result<>> PutBucketWebsite(Context& ctx, PutBucketWebsiteRequest request) override;
  Task<Result<>> DeleteBucketWebsite(Context& ctx, DeleteBucketWebsiteRequest request) override;
  Task<Result<GetBucketReplicationResponse>> GetBucketReplication(Context& ctx, GetBucketReplicationRequest request) override;
  Task<Result<>> PutBucketReplication(Context& ctx, PutBucketReplicationRequest request) override;
  Task<Result<>> DeleteBucketReplication(Context& ctx, DeleteBucketReplicationRequest request) override;

  // --- what is said of objects (api_object_settings.cc) ---
  Task<Result<GetObjectTaggingResponse>> GetObjectTagging(Context& ctx, GetObjectTaggingRequest request) override;
  Task<Result<PutObjectTaggingResponse>> PutObjectTagging(Context& ctx, PutObjectTaggingRequest request) override;
  Task<Result<DeleteObjectTaggingResponse>> DeleteObjectTagging(Context& ctx, DeleteObjectTaggingRequest request) override;
  Task<Result<GetObjectLegalHoldResponse>> GetObjectLegalHold(Context& ctx, GetObjectLegalHoldRequest request) override;
  Task<Result<PutObjectLegalHoldResponse>> PutObjectLegalHold(Context& ctx, PutObjectLegalHoldRequest request) override;
  Task<Result<GetObjectRetentionResponse>> GetObjectRetention(Context& ctx, GetObjectRetentionRequest request) override;
  Task<Result<PutObjectRetentionResponse>> PutObjectRetention(Context& ctx, PutObjectRetentionRequest request) override;
  Task<Result<GetObjectLockConfigurationResponse>> GetObjectLockConfiguration(Context& ctx, GetObjectLockConfigurationRequest request) override;
  Task<Result<PutObjectLockConfigurationResponse>> PutObjectLockConfiguration(Context& ctx, PutObjectLockConfigurationRequest request) override;

 private:
  // `json`: "" takes the setting away.
  Task<Result<>> Set(Context& ctx, const std::string& bucket, std::string setting, std::string json);
  // What is set; `missing` where nothing is.
  template <typename T>
  Result<T> SettingFor(const std::string& bucket, std::string_view setting, Error (*missing)()) const;
  Result<> CheckReplication(const BucketRow& bucket, const ReplicationConfiguration& configuration) const;
  Result<> CheckTargets(const BucketRow& bucket, const NotificationConfiguration& configuration) const;
  Task<Result<>> SendTests(Context& ctx, const BucketRow& bucket, const NotificationConfiguration& configuration);
  // An object or a version of one. Errors: NoSuchBucket, NoSuchKey, NoSuchVersion, MethodNotAllowed.
  Task<Result<ObjectRow>> FindObject(Context& ctx, const std::string& bucket, const std::string& key, const std::optional<std::string>& version_id);
  Task<Result<ObjectRow>> EditObject(Context& ctx, const std::string& bucket, std::string key, std::optional<std::string> version_id,
                                     std::function<Result<>(ObjectRow&)> edit, std::string_view event);

  Buckets* buckets_;
  ObjectStore* objects_;
  Outbox* outbox_;
  const delivery::TargetRouter* targets_;
  Random* random_;
};

}  // namespace mayfly::s3
