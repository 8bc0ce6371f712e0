// TopicRow, SubscriptionRow: what is kept of topics and subscriptions. Values, and the names that they have.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "resources/json_members.h"
#include "resources/tags.h"

namespace mayfly::sns {

struct TopicName {
  std::string account_id;
  std::string region;
  std::string name;

  std::string Arn() const;
  // Of its row: ACCOUNT/REGION/NAME.
  std::string Key() const;
  bool is_fifo() const { return name.ends_with(".fifo"); }
  bool operator==(const TopicName&) const = default;
};

// 1 to 256 of A-Z a-z 0-9 - _, with ".fifo" at the end of a FIFO topic's.
bool IsTopicName(std::string_view name);
// nullopt for what is no ARN of a topic.
std::optional<TopicName> ParseTopicArn(std::string_view arn);

struct TopicRow {
  TopicName name;
  std::string display_name;
  std::string policy;           // JSON; "": the default one, by which it is its account's alone
  std::string delivery_policy;  // JSON as the client wrote it; "": AWS's
  std::string kms_key_id;
  std::string tracing_config;
  std::string signature_version;  // "": 1
  int maximum_message_size = 0;   // 0: 262,144
  bool content_based_deduplication = false;  // these two: of FIFO topics
  bool deduplicates_per_group = false;       // FifoThroughputScope MessageGroup
  std::string data_protection_policy;        // JSON as the client wrote it: kept, and nothing is hidden
  resources::StringPairs feedback;           // roles and rates of delivery logs: kept, and nothing follows from them
  resources::Tags tags;
};
using TopicPointer = std::shared_ptr<const TopicRow>;

json::Value ToJson(const TopicRow& topic);
Result<> FromJson(std::string_view key, const json::Value& value, TopicRow& topic);

struct SubscriptionName {
  TopicName topic;
  std::string id;  // a UUID

  std::string Arn() const;
  std::string Key() const;  // TOPIC'S/ID
  bool operator==(const SubscriptionName&) const = default;
};
std::optional<SubscriptionName> ParseSubscriptionArn(std::string_view arn);

struct SubscriptionRow {
  SubscriptionName name;
  std::string protocol;
  std::string endpoint;
  std::string owner_account_id;
  // "pending": its endpoint has not confirmed it; "removed": its endpoint may undo that. Both with a token, until it expires.
  std::string state = "confirmed";
  std::string token;
  int64_t token_seconds = 0;  // when it was made, since 1970
  bool confirmed_with_signature = true;
  bool authenticate_on_unsubscribe = false;
  bool raw_message_delivery = false;
  std::string filter_policy;  // as the client wrote it; "": everything
  std::string filter_scope;   // "": MessageAttributes
  std::string redrive_policy;
  std::string dead_letter_arn;  // in redrive_policy
  std::string delivery_policy;
  std::string role_arn;

  bool is_confirmed() const { return state == "confirmed"; }
  bool is_pending() const { return state == "pending"; }
  bool is_removed() const { return state == "removed"; }
};
using SubscriptionPointer = std::shared_ptr<const SubscriptionRow>;

json::Value ToJson(const SubscriptionRow& subscription);
Result<> FromJson(std::string_view key, const json::Value& value, SubscriptionRow& subscription);

}  // namespace mayfly::sns
