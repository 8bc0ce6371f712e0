#include "services/s3/kept_settings.h"
#include "services/s3/object_fields.h"
#include "services/s3/s3_errors.h"
#include "services/s3/settings_api.h"

namespace mayfly::s3 {
namespace {

Error NoLockConfiguration() {
  return Error::Service("ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket");
}
Error NoRetention() { return Error::Service("NoSuchObjectLockConfiguration", "The specified object does not have a ObjectLock configuration"); }
Error NoObjectLock() { return InvalidRequest("Bucket is missing Object Lock Configuration"); }

std::optional<std::string> VersionTold(const BucketRow& bucket, const ObjectRow& row) {
  return bucket.versioning.empty() ? std::nullopt : std::optional(row.version_id);
}

bool IsMode(const std::string& mode) { return mode == "GOVERNANCE" || mode == "COMPLIANCE"; }

// What a retention may become: never shorter, unless it is one of governance that is set aside.
Result<> ChangeRetention(ObjectRow& row, const ObjectLockRetention& wish, bool bypasses, WallTime now) {
  const int64_t until = wish.retain_until_date ? ToEpochMillis(*wish.retain_until_date) : 0;
  const bool is_retained = row.lock_until_millis > ToEpochMillis(now);
  const bool is_less = until < row.lock_until_millis || (row.lock_mode == "COMPLIANCE" && wish.mode != "COMPLIANCE");
  if (is_retained && is_less && !(row.lock_mode == "GOVERNANCE" && bypasses)) return Fail(AccessDenied());
  row.lock_mode = wish.mode.value_or("");
  row.lock_until_millis = until;
  return {};
}

}  // namespace

Task<Result<ObjectRow>> SettingsApi::FindObject(Context& ctx, const std::string& bucket, const std::string& key, const std::optional<std::string>& version_id) {
  MF_CO_TRY_VOID(buckets_->Get(bucket));
  std::optional<ObjectRow> row;
  if (version_id) {
    MF_CO_TRY(row, co_await objects_->FindVersion(ctx, bucket, key, *version_id));
  } else {
    MF_CO_TRY(row, co_await objects_->Find(ctx, bucket, key));
  }
  if (!row || (row->is_marker && !version_id)) co_return Fail(version_id ? NoSuchVersion(key, *version_id) : NoSuchKey(key));
  if (row->is_marker) co_return Fail(MarkerNotAllowed(*row));
  co_return std::move(*row);
}

Task<Result<ObjectRow>> SettingsApi::EditObject(Context& ctx, const std::string& bucket, std::string key, std::optional<std::string> version_id,
                                                std::function<Result<>(ObjectRow&)> edit, std::string_view event) {
  MF_CO_TRY(BucketPointer found, buckets_->Get(bucket));
  co_return co_await objects_->Edit(ctx, std::move(found), std::move(key), std::move(version_id), std::move(edit), event);
}

// ---- tags ----

Task<Result<GetObjectTaggingResponse>> SettingsApi::GetObjectTagging(Context& ctx, GetObjectTaggingRequest request) {
  MF_CO_TRY(const ObjectRow row, co_await FindObject(ctx, request.bucket, request.key, request.version_id));
  MF_CO_TRY(const BucketPointer bucket, buckets_->Get(request.bucket));
  co_return GetObjectTaggingResponse{.version_id = VersionTold(*bucket, row), .tag_set = TagList(row.tags)};
}

Task<Result<PutObjectTaggingResponse>> SettingsApi::PutObjectTagging(Context& ctx, PutObjectTaggingRequest request) {
  MF_CO_TRY(const BucketPointer bucket, buckets_->Get(request.bucket));
  MF_CO_TRY(const StringPairs tags, TagsOf(request.tagging.tag_set, kObjectTagsMax));
  const auto edit = [&](ObjectRow& row) -> Result<> {
    row.tags = tags;
    return {};
  };
  MF_CO_TRY(const ObjectRow row, co_await EditObject(ctx, request.bucket, request.key, request.version_id, edit, "ObjectTagging:Put"));
  co_return PutObjectTaggingResponse{.version_id = VersionTold(*bucket, row)};
}

Task<Result<DeleteObjectTaggingResponse>> SettingsApi::DeleteObjectTagging(Context& ctx, DeleteObjectTaggingRequest request) {
  MF_CO_TRY(const BucketPointer bucket, buckets_->Get(request.bucket));
  const auto edit = [](ObjectRow& row) -> Result<> {
    row.tags.clear();
    return {};
  };
  MF_CO_TRY(const ObjectRow row, co_await EditObject(ctx, request.bucket, request.key, request.version_id, edit, "ObjectTagging:Delete"));
  co_return DeleteObjectTaggingResponse{.version_id = VersionTold(*bucket, row)};
}

// ---- locks ----

Task<Result<GetObjectLegalHoldResponse>> SettingsApi::GetObjectLegalHold(Context& ctx, GetObjectLegalHoldRequest request) {
  MF_CO_TRY(const BucketPointer bucket, buckets_->Get(request.bucket));
  if (!bucket->has_object_lock) co_return Fail(NoObjectLock());
  MF_CO_TRY(const ObjectRow row, co_await FindObject(ctx, request.bucket, request.key, request.version_id));
  co_return GetObjectLegalHoldResponse{.legal_hold = ObjectLockLegalHold{.status = row.has_legal_hold ? "ON" : "OFF"}};
}

Task<Result<PutObjectLegalHoldResponse>> SettingsApi::PutObjectLegalHold(Context& ctx, PutObjectLegalHoldRequest request) {
  MF_CO_TRY(const BucketPointer bucket, buckets_->Get(request.bucket));
  if (!bucket->has_object_lock) co_return Fail(NoObjectLock());
  const std::string status = request.legal_hold ? request.legal_hold->status.value_or("") : "";
  if (status != "ON" && status != "OFF") co_return Fail(MalformedXml());
  const auto edit = [&](ObjectRow& row) -> Result<> {
    row.has_legal_hold = status == "ON";
    return {};
  };
  MF_CO_TRY_VOID(co_await EditObject(ctx, request.bucket, request.key, request.version_id, edit, "ObjectLegalHold:Put"));
  co_return PutObjectLegalHoldResponse{};
}

Task<Result<GetObjectRetentionResponse>> SettingsApi::GetObjectRetention(Context& ctx, GetObjectRetentionRequest request) {
  MF_CO_TRY(const BucketPointer bucket, buckets_->Get(request.bucket));
  if (!bucket->has_object_lock) co_return Fail(NoObjectLock());
  MF_CO_TRY(const ObjectRow row, co_await FindObject(ctx, request.bucket, request.key, request.version_id));
  if (row.lock_mode.empty()) co_return Fail(NoRetention());
  co_return GetObjectRetentionResponse{.retention = ObjectLockRetention{.mode = row.lock_mode, .retain_until_date = FromMillis(row.lock_until_millis)}};
}

Task<Result<PutObjectRetentionResponse>> SettingsApi::PutObjectRetention(Context& ctx, PutObjectRetentionRequest request) {
  MF_CO_TRY(const BucketPointer bucket, buckets_->Get(request.bucket));
  if (!bucket->has_object_lock) co_return Fail(NoObjectLock());
  const ObjectLockRetention wish = request.retention.value_or(ObjectLockRetention{});
  const WallTime now = objects_->clock().WallNow();
  if (wish.mode.has_value() != wish.retain_until_date.has_value() || (wish.mode && !IsMode(*wish.mode))) co_return Fail(MalformedXml());
  if (wish.retain_until_date && *wish.retain_until_date <= now) {
    co_return Fail(InvalidArgument("The retain until date must be in the future!", "RetainUntilDate", FormatIso8601(*wish.retain_until_date)));
  }
  const auto edit = [&](ObjectRow& row) { return ChangeRetention(row, wish, request.bypass_governance_retention.value_or(false), now); };
  MF_CO_TRY_VOID(co_await EditObject(ctx, request.bucket, request.key, request.version_id, edit, "ObjectRetention:Put"));
  co_return PutObjectRetentionResponse{};
}

Task<Result<GetObjectLockConfigurationResponse>> SettingsApi::GetObjectLockConfiguration(Context&, GetObjectLockConfigurationRequest request) {
  MF_CO_TRY(const BucketPointer bucket, buckets_->Get(request.bucket));
  if (!bucket->has_object_lock) co_return Fail(WithElement(NoLockConfiguration(), "BucketName", bucket->name));
  GetObjectLockConfigurationResponse response;
  MF_CO_TRY(response.object_lock_configuration, SettingOf<ObjectLockConfiguration>(bucket->Setting("object-lock")));
  response.object_lock_configuration->object_lock_enabled = "Enabled";
  co_return response;
}

Task<Result<PutObjectLockConfigurationResponse>> SettingsApi::PutObjectLockConfiguration(Context& ctx, PutObjectLockConfigurationRequest request) {
  const ObjectLockConfiguration wish = request.object_lock_configuration.value_or(ObjectLockConfiguration{});
  if (wish.object_lock_enabled.value_or("Enabled") != "Enabled") co_return Fail(MalformedXml());
  if (wish.rule && wish.rule->default_retention) {
    const DefaultRetention& retention = *wish.rule->default_retention;
    const int periods = retention.days.has_value() + retention.years.has_value();
    if (!IsMode(retention.mode.value_or("")) || periods != 1) co_return Fail(MalformedXml());
    if (retention.days.value_or(1) <= 0 || retention.years.value_or(1) <= 0) {
      co_return Fail(InvalidArgument("Default retention period must be a positive integer value.", "Retention", {}));
    }
  }
  MF_CO_TRY_VOID(co_await buckets_->Edit(ctx, request.bucket, [&](BucketRow& row) -> Result<> {
    if (!row.keeps_versions()) return Fail(Error::Service("InvalidBucketState", "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"));
    row.has_object_lock = true;
    row.Set("object-lock", SettingText(wish));
    return {};
  }));
  co_return PutObjectLockConfigurationResponse{};
}

}  // namespace mayfly::s3
