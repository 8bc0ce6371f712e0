// Settings of buckets, as they are kept: JSON of the model's own structures, by their tables. Pure functions, any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/s3.h"

namespace mayfly::s3 {

// `operation`: the name of the one whose payload is a T: "PutBucketCors".
std::string WriteSetting(std::string_view operation, const void* value);
Result<> ReadSetting(std::string_view operation, std::string_view json, void* value);

template <typename T>
struct SettingOperation;
#define MF_S3_SETTING(type, operation) \
  template <>                          \
  struct SettingOperation<type> {      \
    static constexpr std::string_view kName = operation; \
  }
MF_S3_SETTING(CORSConfiguration, "PutBucketCors");
MF_S3_SETTING(BucketLifecycleConfiguration, "PutBucketLifecycleConfiguration");
MF_S3_SETTING(ServerSideEncryptionConfiguration, "PutBucketEncryption");
MF_S3_SETTING(PublicAccessBlockConfiguration, "PutPublicAccessBlock");
MF_S3_SETTING(NotificationConfiguration, "PutBucketNotificationConfiguration");
MF_S3_SETTING(BucketLoggingStatus, "PutBucketLogging");
MF_S3_SETTING(RequestPaymentConfiguration, "PutBucketRequestPayment");
MF_S3_SETTING(AccelerateConfiguration, "PutBucketAccelerateConfiguration");
MF_S3_SETTING(WebsiteConfiguration, "PutBucketWebsite");
MF_S3_SETTING(ObjectLockConfiguration, "PutObjectLockConfiguration");
MF_S3_SETTING(ReplicationConfiguration, "PutBucketReplication");
MF_S3_SETTING(AnalyticsConfiguration, "PutBucketAnalyticsConfiguration");
MF_S3_SETTING(IntelligentTieringConfiguration, "PutBucketIntelligentTieringConfiguration");
MF_S3_SETTING(InventoryConfiguration, "PutBucketInventoryConfiguration");
MF_S3_SETTING(MetricsConfiguration, "PutBucketMetricsConfiguration");
#undef MF_S3_SETTING

template <typename T>
std::string SettingText(const T& value) {
  return WriteSetting(SettingOperation<T>::kName, &value);
}
// `json`: what SettingText gave; "" is a T without anything. Error: a Fault, the store is damaged.
template <typename T>
Result<T> SettingOf(std::string_view json) {
  T value{};
  if (!json.empty()) MF_TRY_VOID(ReadSetting(SettingOperation<T>::kName, json, &value));
  return value;
}

}  // namespace mayfly::s3
