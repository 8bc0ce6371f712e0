#include "services/s3/collector.h"

#include "base/log.h"
#include "services/s3/kept_settings.h"

namespace mayfly::s3 {
namespace {

constexpr Duration kRound = std::chrono::hours(1);

// Collectors act as S3 itself, for the bucket's owner.
Context ActingFor(const Context& ctx, const BucketRow& bucket) {
  Context own = ctx;
  own.principal.account_id = bucket.account_id;
  own.principal.region = bucket.region;
  own.principal.arn = kOwnPrincipal;
  return own;
}

}  // namespace

Task<> Collector::Stop() {
  tasks_.Stop();
  co_await tasks_.Join();
}

Task<> Collector::Run() {
  Context ctx = Context(*calendar_).WithStop(tasks_.stop_token());
  while (co_await Sleep(ctx, kRound)) co_await Collect(ctx);
}

Task<> Collector::Collect(Context& ctx) {
  for (const BucketPointer& bucket : buckets_->All()) {
    if (ctx.stop.stop_requested()) co_return;
    if (bucket->Setting("lifecycle").empty()) continue;
    const auto set = SettingOf<BucketLifecycleConfiguration>(bucket->Setting("lifecycle"));
    Context own = ActingFor(ctx, *bucket);
    auto collected = set ? co_await CollectBucket(own, bucket, set->rules) : Fail(set.error());
    if (!collected && collected.error().kind == Error::Kind::Fault) log::Warning("lifecycle of bucket {}: {}", bucket->name, collected.error().ToString());
  }
}

Task<Result<>> Collector::CollectBucket(Context& ctx, BucketPointer bucket, const std::vector<LifecycleRule>& rules) {
  ListRequest request{.bucket = bucket->name, .prefix = {}, .delimiter = {}, .after = {}, .after_id = {}};
  std::vector<ListedVersion> of_key;  // all versions of one key, the newest first
  while (!ctx.stop.stop_requested()) {
    MF_CO_TRY(auto page, co_await ListVersions(ctx, objects_->store(), request));
    for (ListedVersion& version : page.items) {
      if (!of_key.empty() && of_key.front().key != version.key) {
        MF_CO_TRY_VOID(co_await CollectKey(ctx, bucket, rules, of_key));
        of_key.clear();
      }
      of_key.push_back(std::move(version));
    }
    if (!page.is_truncated) break;
    request.after = page.last;
    request.after_id = page.last_id;
  }
  if (!of_key.empty()) MF_CO_TRY_VOID(co_await CollectKey(ctx, bucket, rules, of_key));
  co_return co_await CollectUploads(ctx, bucket, rules);
}

Task<Result<>> Collector::CollectKey(Context& ctx, const BucketPointer& bucket, const std::vector<LifecycleRule>& rules,
                                     const std::vector<ListedVersion>& versions) {
  const WallTime now = calendar_->WallNow();
  for (size_t i = 0; i < versions.size(); ++i) {
    const ListedVersion& version = versions[i];
    const VersionPlace place{.is_latest = version.is_latest, .newer_noncurrent = static_cast<int>(i) - 1, .has_older = i + 1 < versions.size()};
    if (!HasExpired(rules, version.key, version.row, place, now)) continue;
    Removal removal{.bucket = bucket, .key = version.key, .version_id = {}, .if_match = {}, .only_if = {}};
    removal.event = "LifecycleExpiration:Delete";
    removal.marker_event = "LifecycleExpiration:DeleteMarkerCreated";
    // The newest version gets a marker; older ones, and markers, go by their id.
    if (!version.is_latest || version.row.is_marker) removal.version_id = version.row.version_id;
    if (version.is_latest) removal.only_if = [sequence = version.row.sequence](const ObjectRow& newest) { return newest.sequence == sequence; };
    auto removed = co_await objects_->Remove(ctx, std::move(removal));
    if (!removed && removed.error().kind != Error::Kind::Service) co_return Fail(std::move(removed).error());
  }
  co_return Result<>();
}

Task<Result<>> Collector::CollectUploads(Context& ctx, const BucketPointer& bucket, const std::vector<LifecycleRule>& rules) {
  ListRequest request{.bucket = bucket->name, .prefix = {}, .delimiter = {}, .after = {}, .after_id = {}};
  while (true) {
    MF_CO_TRY(const auto page, co_await uploads_->List(ctx, request));
    for (const ListedUpload& upload : page.items) {
      if (!IsAbandoned(rules, upload.key, FromMillis(upload.row.initiated_millis), calendar_->WallNow())) continue;
      auto aborted = co_await uploads_->Abort(ctx, {bucket->name, upload.key, upload.id});
      if (!aborted && aborted.error().kind != Error::Kind::Service) co_return aborted;
    }
    if (!page.is_truncated) co_return Result<>();
    request.after = page.last;
    request.after_id = page.last_id;
  }
}

}  // namespace mayfly::s3
