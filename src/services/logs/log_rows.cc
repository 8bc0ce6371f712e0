#include "services/logs/log_rows.h"

#include <fmt/format.h>

#include "identity/arn.h"
#include "store/log_group_key.h"

namespace mayfly::logs {

std::string GroupKey::Row() const { return fmt::format("{}/{}/{}", account_id, region, name); }

std::string GroupKey::Store() const { return store::LogGroupKey(account_id, region, name); }

std::string GroupKey::Arn() const { return fmt::format("arn:{}:logs:{}:{}:log-group:{}", identity::PartitionOf(region), region, account_id, name); }

std::optional<GroupKey> GroupKey::OfRow(std::string_view row) {
  const size_t region = row.find('/');
  const size_t name = region == std::string_view::npos ? region : row.find('/', region + 1);
  if (name == std::string_view::npos) return std::nullopt;
  return GroupKey{std::string(row.substr(0, region)), std::string(row.substr(region + 1, name - region - 1)), std::string(row.substr(name + 1))};
}

std::optional<GroupKey> ParseIdentifier(const Context& ctx, std::string_view identifier) {
  if (!identifier.starts_with("arn:")) return GroupKey::Of(ctx, std::string(identifier));
  if (identifier.ends_with(":*")) identifier.remove_suffix(2);
  const auto arn = identity::ParseArn(identifier);
  constexpr std::string_view kGroup = "log-group:";
  if (!arn || arn->service != "logs" || !arn->resource.starts_with(kGroup)) return std::nullopt;
  const std::string_view name = arn->resource.substr(kGroup.size());
  if (name.empty() || name.find(':') != std::string_view::npos) return std::nullopt;
  return GroupKey{std::string(arn->account_id), std::string(arn->region), std::string(name)};
}

static void VisitMembers(resources::Is<GroupRow> auto& group, auto&& visit) {
  visit("CreatedMillis", group.created_millis);
  visit("RetentionDays", group.retention_days);
  visit("Class", group.group_class);
  visit("KmsKeyId", group.kms_key_id);
  visit("Protected", group.is_protected);
  visit("Tags", group.tags);
}

static void VisitMembers(resources::Is<SubscriptionRow> auto& subscription, auto&& visit) {
  visit("CreatedMillis", subscription.created_millis);
  visit("Pattern", subscription.pattern);
  visit("DestinationArn", subscription.destination_arn);
  visit("RoleArn", subscription.role_arn);
  visit("Distribution", subscription.distribution);
}

json::Value ToJson(const GroupRow& group) { return resources::WriteMembers(group); }
Result<> FromJson(std::string_view, const json::Value& value, GroupRow& group) {
  resources::ReadMembers(value, group);
  return {};
}

json::Value ToJson(const StreamRow& stream) {
  json::Value value;
  value.Set("CreatedMillis", stream.created_millis);
  value.Set("CutSequence", stream.cut.sequence);
  value.Set("CutOffset", stream.cut.offset);
  value.Set("CutIndex", stream.cut.index);
  return value;
}
Result<> FromJson(std::string_view, const json::Value& value, StreamRow& stream) {
  stream.created_millis = value.IntOr("CreatedMillis", 0);
  stream.cut = {static_cast<uint64_t>(value.IntOr("CutSequence", 0)), static_cast<uint64_t>(value.IntOr("CutOffset", 0)),
                static_cast<uint64_t>(value.IntOr("CutIndex", 0))};
  return {};
}

json::Value ToJson(const SubscriptionRow& subscription) { return resources::WriteMembers(subscription); }
Result<> FromJson(std::string_view, const json::Value& value, SubscriptionRow& subscription) {
  resources::ReadMembers(value, subscription);
  return {};
}

}  // namespace mayfly::logs
