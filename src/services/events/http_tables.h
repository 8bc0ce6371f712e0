// What EventBridge keeps of HTTP endpoints: connections (how to show who calls) and API destinations (what is called). Rows of the control store.
//
// A connection's parameters are kept as the client gave them, secrets and all, in the daemon's own store; PublicParameters is what answers show.
#pragma once

#include <string>
#include <string_view>

#include "resources/json_members.h"
#include "resources/resource_table.h"
#include "services/events/named.h"

namespace mayfly::events {

inline constexpr size_t kConnectionsMax = 3'000;   // per account and region
inline constexpr size_t kDestinationsMax = 3'000;  // likewise
inline constexpr int kDestinationRateUsual = 300;  // calls per second

struct ConnectionRow {
  Named name;  // not part of the row: it is the row's key
  std::string id;
  std::string description;
  std::string type;        // BASIC, API_KEY, OAUTH_CLIENT_CREDENTIALS
  std::string parameters;  // AuthParameters of the API as JSON; without secrets when DEAUTHORIZED by its owner
  std::string state;       // AUTHORIZED, AUTHORIZING, DEAUTHORIZED
  std::string reason;
  std::string kms_key_id;  // recorded
  int64_t created_millis = 0;
  int64_t modified_millis = 0;
  int64_t authorized_millis = 0;

  std::string Arn() const { return name.Arn(kConnectionKind, id); }
};

struct DestinationRow {
  Named name;  // not part of the row: it is the row's key
  std::string id;
  std::string description;
  std::string connection_arn;
  std::string endpoint;
  std::string method;
  int rate = kDestinationRateUsual;
  int64_t created_millis = 0;
  int64_t modified_millis = 0;

  std::string Arn() const { return name.Arn(kDestinationKind, id); }
};

json::Value ToJson(const ConnectionRow& row);
Result<> FromJson(std::string_view key, const json::Value& value, ConnectionRow& row);
json::Value ToJson(const DestinationRow& row);
Result<> FromJson(std::string_view key, const json::Value& value, DestinationRow& row);

// Without passwords, keys, client secrets, and values that are said to be secret.
json::Value PublicParameters(json::Value parameters);
// What an update says replaces what there is, member by member; lists as a whole.
json::Value MergedParameters(json::Value parameters, const json::Value& update);

// Made before the store's tables are opened.
struct HttpTables {
  explicit HttpTables(resources::ResourceTables& all);

  resources::ResourceTable<ConnectionRow> connections;    // by Named::Key()
  resources::ResourceTable<DestinationRow> destinations;  // likewise

  // nullptr: there is none of this ARN (any more).
  resources::ResourceTable<ConnectionRow>::Pointer ConnectionOf(std::string_view arn) const;
  resources::ResourceTable<DestinationRow>::Pointer DestinationOf(std::string_view arn) const;
};

}  // namespace mayfly::events
