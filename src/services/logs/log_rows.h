// Log groups, streams and subscriptions as they are stored, and how they are named.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/context.h"
#include "base/json.h"
#include "base/result.h"
#include "resources/json_members.h"
#include "store/log_store.h"

namespace mayfly::logs {

struct GroupKey {
  std::string account_id;
  std::string region;
  std::string name;

  static GroupKey Of(const Context& ctx, std::string name) { return {ctx.principal.account_id, ctx.principal.region, std::move(name)}; }
  // Its row: "ACCOUNT/REGION/NAME". Rows that hang on it: that and "/:/" and more, since no name has a colon.
  std::string Row() const;
  std::string RowOf(std::string_view part) const { return Row() + "/:/" + std::string(part); }
  std::string Store() const;  // store/log_group_key.h
  std::string Arn() const;    // without ":*"
  std::string StreamArn(std::string_view stream) const { return Arn() + ":log-stream:" + std::string(stream); }

  static std::optional<GroupKey> OfRow(std::string_view row);
  bool operator==(const GroupKey&) const = default;
};

// A group by its name or its ARN, with ":*" or without. nullopt: an ARN of something else.
std::optional<GroupKey> ParseIdentifier(const Context& ctx, std::string_view identifier);

struct GroupRow {
  int64_t created_millis = 0;
  int64_t retention_days = 0;  // 0: for good
  std::string group_class = "STANDARD";
  std::string kms_key_id;
  bool is_protected = false;
  resources::StringPairs tags;
};

// A stream that somebody made or deleted; those of functions are known by their lines.
struct StreamRow {
  int64_t created_millis = 0;  // 0: deleted
  // What lies here or before was deleted with an earlier stream of that name.
  store::LogPlace cut;
};

struct SubscriptionRow {
  int64_t created_millis = 0;
  std::string pattern;
  std::string destination_arn;
  std::string role_arn;
  std::string distribution = "ByLogStream";
};

json::Value ToJson(const GroupRow& group);
Result<> FromJson(std::string_view key, const json::Value& value, GroupRow& group);
json::Value ToJson(const StreamRow& stream);
Result<> FromJson(std::string_view key, const json::Value& value, StreamRow& stream);
json::Value ToJson(const SubscriptionRow& subscription);
Result<> FromJson(std::string_view key, const json::Value& value, SubscriptionRow& subscription);

}  // namespace mayfly::logs
