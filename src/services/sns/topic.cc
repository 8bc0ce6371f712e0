#include "services/sns/topic.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "identity/arn.h"

namespace mayfly::sns {

static void VisitMembers(resources::Is<TopicRow> auto& topic, auto&& visit) {
  visit("displayName", topic.display_name);
  visit("policy", topic.policy);
  visit("deliveryPolicy", topic.delivery_policy);
  visit("kmsKeyId", topic.kms_key_id);
  visit("tracingConfig", topic.tracing_config);
  visit("signatureVersion", topic.signature_version);
  visit("maximumMessageSize", topic.maximum_message_size);
  visit("contentBasedDeduplication", topic.content_based_deduplication);
  visit("deduplicatesPerGroup", topic.deduplicates_per_group);
  visit("dataProtectionPolicy", topic.data_protection_policy);
  visit("feedback", topic.feedback);
  visit("tags", topic.tags);
}

static void VisitMembers(resources::Is<SubscriptionRow> auto& subscription, auto&& visit) {
  visit("protocol", subscription.protocol);
  visit("endpoint", subscription.endpoint);
  visit("owner", subscription.owner_account_id);
  visit("state", subscription.state);
  visit("token", subscription.token);
  visit("tokenSeconds", subscription.token_seconds);
  visit("confirmedWithSignature", subscription.confirmed_with_signature);
  visit("authenticateOnUnsubscribe", subscription.authenticate_on_unsubscribe);
  visit("raw", subscription.raw_message_delivery);
  visit("filterPolicy", subscription.filter_policy);
  visit("filterScope", subscription.filter_scope);
  visit("redrivePolicy", subscription.redrive_policy);
  visit("deadLetters", subscription.dead_letter_arn);
  visit("deliveryPolicy", subscription.delivery_policy);
  visit("role", subscription.role_arn);
}

std::string TopicName::Arn() const { return fmt::format("arn:{}:sns:{}:{}:{}", identity::PartitionOf(region), region, account_id, name); }
std::string TopicName::Key() const { return fmt::format("{}/{}/{}", account_id, region, name); }

bool IsTopicName(std::string_view name) {
  if (name.empty() || name.size() > 256) return false;
  if (name.ends_with(".fifo")) name.remove_suffix(5);
  return !name.empty() && std::ranges::all_of(name, [](char c) { return IsAlphanumeric(c) || c == '-' || c == '_'; });
}

std::optional<TopicName> ParseTopicArn(std::string_view text) {
  const auto arn = identity::ParseArn(text);
  if (!arn || arn->service != "sns" || arn->region.empty() || !identity::IsAccountId(arn->account_id) || !IsTopicName(arn->resource)) return std::nullopt;
  return TopicName{std::string(arn->account_id), std::string(arn->region), std::string(arn->resource)};
}

json::Value ToJson(const TopicRow& topic) { return resources::WriteMembers(topic); }

Result<> FromJson(std::string_view key, const json::Value& value, TopicRow& topic) {
  const auto parts = Split(key, '/');
  if (parts.size() != 3) return Fail(Error::Fault("the key of a topic has three parts"));
  topic.name = {std::string(parts[0]), std::string(parts[1]), std::string(parts[2])};
  resources::ReadMembers(value, topic);
  return {};
}

std::string SubscriptionName::Arn() const { return fmt::format("{}:{}", topic.Arn(), id); }
std::string SubscriptionName::Key() const { return fmt::format("{}/{}", topic.Key(), id); }

std::optional<SubscriptionName> ParseSubscriptionArn(std::string_view arn) {
  const size_t end = arn.rfind(':');
  if (end == std::string_view::npos) return std::nullopt;
  auto topic = ParseTopicArn(arn.substr(0, end));
  const std::string_view id = arn.substr(end + 1);
  const bool is_uuid = id.size() == 36 && std::ranges::all_of(id, [](char c) { return HexValue(c) >= 0 || c == '-'; });
  if (!topic || !is_uuid) return std::nullopt;
  return SubscriptionName{std::move(*topic), std::string(id)};
}

json::Value ToJson(const SubscriptionRow& subscription) { return resources::WriteMembers(subscription); }

Result<> FromJson(std::string_view key, const json::Value& value, SubscriptionRow& subscription) {
  const auto parts = Split(key, '/');
  if (parts.size() != 4) return Fail(Error::Fault("the key of a subscription has four parts"));
  subscription.name = {{std::string(parts[0]), std::string(parts[1]), std::string(parts[2])}, std::string(parts[3])};
  resources::ReadMembers(value, subscription);
  return {};
}

}  // namespace mayfly::sns
