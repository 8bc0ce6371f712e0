#include "services/s3/lifecycle.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "services/s3/kept_settings.h"
#include "services/s3/s3_errors.h"
#include "wire/violations.h"

namespace mayfly::s3 {
namespace {

constexpr Duration kDay = std::chrono::hours(24);
constexpr size_t kIdCharactersMax = 255;

WallTime NextMidnight(WallTime time) {
  const auto since = time.time_since_epoch() % kDay;
  return since == Duration::zero() ? time : time + (kDay - since);
}
WallTime AfterDays(WallTime from, int days) { return NextMidnight(from + days * kDay); }
bool IsMidnight(WallTime time) { return NextMidnight(time) == time; }

bool IsEnabled(const LifecycleRule& rule) { return rule.status == "Enabled"; }

bool HasTag(const ObjectRow& row, const Tag& tag) {
  return std::ranges::any_of(row.tags, [&](const auto& pair) { return pair.first == tag.key && pair.second == tag.value; });
}

// What a filter asks of an object, whichever of its forms it has.
struct Wanted {
  std::string prefix;
  std::vector<Tag> tags;
  std::optional<int64_t> larger_than;
  std::optional<int64_t> smaller_than;
};

Wanted WantedBy(const LifecycleRule& rule) {
  Wanted wanted{.prefix = rule.prefix.value_or(""), .tags = {}, .larger_than = {}, .smaller_than = {}};
  if (!rule.filter) return wanted;
  const LifecycleRuleFilter& filter = *rule.filter;
  if (filter.and_) {
    wanted.prefix = filter.and_->prefix.value_or("");
    wanted.tags = filter.and_->tags.value_or(std::vector<Tag>());
    wanted.larger_than = filter.and_->object_size_greater_than;
    wanted.smaller_than = filter.and_->object_size_less_than;
    return wanted;
  }
  if (filter.prefix) wanted.prefix = *filter.prefix;
  if (filter.tag) wanted.tags.push_back(*filter.tag);
  wanted.larger_than = filter.object_size_greater_than;
  wanted.smaller_than = filter.object_size_less_than;
  return wanted;
}

bool Applies(const LifecycleRule& rule, std::string_view key, const ObjectRow& row) {
  if (!IsEnabled(rule)) return false;
  const Wanted wanted = WantedBy(rule);
  if (!key.starts_with(wanted.prefix)) return false;
  if (!std::ranges::all_of(wanted.tags, [&](const Tag& tag) { return HasTag(row, tag); })) return false;
  return (!wanted.larger_than || row.size > *wanted.larger_than) && (!wanted.smaller_than || row.size < *wanted.smaller_than);
}

// When a rule lets the newest version go.
std::optional<WallTime> CurrentExpiry(const LifecycleRule& rule, const ObjectRow& row) {
  if (!rule.expiration) return std::nullopt;
  if (rule.expiration->date) return rule.expiration->date;
  if (rule.expiration->days) return AfterDays(FromMillis(row.modified_millis), *rule.expiration->days);
  return std::nullopt;
}

bool NoncurrentHasExpired(const LifecycleRule& rule, const ObjectRow& row, const VersionPlace& place, WallTime now) {
  const auto& expiration = rule.noncurrent_version_expiration;
  if (!expiration || !expiration->noncurrent_days) return false;
  return place.newer_noncurrent >= expiration->newer_noncurrent_versions.value_or(0) &&
         AfterDays(FromMillis(row.noncurrent_millis), *expiration->noncurrent_days) <= now;
}

// A marker behind which nothing is.
bool MarkerHasExpired(const LifecycleRule& rule, const ObjectRow& row, const VersionPlace& place, WallTime now) {
  if (!rule.expiration || place.has_older) return false;
  if (rule.expiration->expired_object_delete_marker.value_or(false)) return true;
  const auto at = CurrentExpiry(rule, row);
  return at && *at <= now;
}

Result<> CheckExpiration(const LifecycleRule& rule) {
  if (!rule.expiration) return {};
  const LifecycleExpiration& expiration = *rule.expiration;
  if (expiration.date.has_value() + expiration.days.has_value() + expiration.expired_object_delete_marker.has_value() != 1) return Fail(MalformedXml());
  if (expiration.days && *expiration.days <= 0) {
    return Fail(InvalidArgument("'Days' for Expiration action must be a positive integer", "Days", std::to_string(*expiration.days)));
  }
  if (expiration.date && !IsMidnight(*expiration.date)) return Fail(InvalidArgument("'Date' must be at midnight GMT", "Date", FormatIso8601(*expiration.date)));
  if (expiration.expired_object_delete_marker && !WantedBy(rule).tags.empty()) {
    return Fail(InvalidRequest("Tag filter cannot be specified with ExpiredObjectDeleteMarker."));
  }
  return {};
}

Result<> CheckNoncurrent(const LifecycleRule& rule) {
  if (!rule.noncurrent_version_expiration) return {};
  const auto& expiration = *rule.noncurrent_version_expiration;
  if (expiration.noncurrent_days.value_or(0) <= 0) {
    return Fail(InvalidArgument("'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer", "NoncurrentDays", {}));
  }
  const int newer = expiration.newer_noncurrent_versions.value_or(1);
  if (newer < 1 || newer > 100) return Fail(InvalidArgument("'NewerNoncurrentVersions' must be between 1 and 100", "NewerNoncurrentVersions", std::to_string(newer)));
  return {};
}

Result<> CheckRule(const LifecycleRule& rule) {
  if (rule.status != "Enabled" && rule.status != "Disabled") return Fail(MalformedXml());
  if (rule.filter.has_value() == rule.prefix.has_value()) return Fail(MalformedXml());
  if (wire::CountCharacters(rule.id.value_or("")) > kIdCharactersMax) return Fail(InvalidArgument("ID length should not exceed allowed limit of 255", "ID", {}));
  const bool acts = rule.expiration || rule.transitions || rule.noncurrent_version_expiration || rule.noncurrent_version_transitions ||
                    rule.abort_incomplete_multipart_upload;
  if (!acts) return Fail(InvalidRequest("At least one action needs to be specified in a rule"));
  if (rule.abort_incomplete_multipart_upload && !WantedBy(rule).tags.empty()) {
    return Fail(InvalidRequest("Tag filter cannot be specified with AbortIncompleteMultipartUpload."));
  }
  MF_TRY_VOID(CheckExpiration(rule));
  return CheckNoncurrent(rule);
}

}  // namespace

Result<> CheckAndCompleteRules(std::vector<LifecycleRule>& rules, Random& random) {
  std::set<std::string> ids;
  for (LifecycleRule& rule : rules) {
    MF_TRY_VOID(CheckRule(rule));
    if (rule.id.value_or("").empty()) rule.id = random.Uuid();
    if (!ids.insert(*rule.id).second) return Fail(InvalidArgument("Rule ID must be unique. Found same ID for more than one rule", "ID", *rule.id));
  }
  return {};
}

bool HasExpired(const std::vector<LifecycleRule>& rules, std::string_view key, const ObjectRow& row, const VersionPlace& place, WallTime now) {
  return std::ranges::any_of(rules, [&](const LifecycleRule& rule) {
    if (!Applies(rule, key, row)) return false;
    if (!place.is_latest) return NoncurrentHasExpired(rule, row, place, now);
    if (row.is_marker) return MarkerHasExpired(rule, row, place, now);
    const auto at = CurrentExpiry(rule, row);
    return at && *at <= now;
  });
}

bool IsAbandoned(const std::vector<LifecycleRule>& rules, std::string_view key, WallTime initiated, WallTime now) {
  return std::ranges::any_of(rules, [&](const LifecycleRule& rule) {
    const auto& abort = rule.abort_incomplete_multipart_upload;
    return IsEnabled(rule) && abort && abort->days_after_initiation && key.starts_with(WantedBy(rule).prefix) &&
           AfterDays(initiated, *abort->days_after_initiation) <= now;
  });
}

std::optional<Expiry> ExpiryOf(const std::vector<LifecycleRule>& rules, std::string_view key, const ObjectRow& row) {
  std::optional<Expiry> first;
  for (const LifecycleRule& rule : rules) {
    const auto at = Applies(rule, key, row) ? CurrentExpiry(rule, row) : std::nullopt;
    if (at && (!first || *at < first->at)) first = Expiry{*at, rule.id.value_or("")};
  }
  return first;
}

std::optional<std::string> ExpirationText(std::string_view lifecycle, std::string_view key, const ObjectRow& row) {
  if (lifecycle.empty()) return std::nullopt;
  const auto set = SettingOf<BucketLifecycleConfiguration>(lifecycle);
  const auto expiry = set ? ExpiryOf(set->rules, key, row) : std::nullopt;
  if (!expiry) return std::nullopt;
  return fmt::format("expiry-date=\"{}\", rule-id=\"{}\"", FormatHttpDate(expiry->at), expiry->rule_id);
}

}  // namespace mayfly::s3
