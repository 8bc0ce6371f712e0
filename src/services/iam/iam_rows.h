// What IAM keeps, as rows: users, groups and roles (EntityRow), managed policies, access keys, instance profiles, identity providers, and
// what an account has once. Values. Keys are ACCOUNT/name in small letters: names are unique whatever their case.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "resources/json_members.h"
#include "resources/tags.h"

namespace mayfly::iam {

enum class EntityKind : unsigned char { User, Group, Role };

struct EntityRow {
  std::string name;
  std::string path = "/";
  std::string id;
  int64_t created_ms = 0;
  resources::StringPairs inline_policies;  // name → document, by name
  std::vector<std::string> attached;       // ARNs of managed policies
  std::string boundary;                    // an ARN; "" none
  resources::StringPairs tags;
  // a role's
  std::string description;
  std::string trust;
  int max_session_seconds = 3600;
  std::string service;  // whose role it is (service-linked); "" nobody's
  int64_t last_used_ms = 0;
  std::string last_used_region;
  // a user's
  std::vector<std::string> groups;  // keys of groups' rows, without the account
  int64_t password_ms = 0;          // since when there is a password; 0 none
  bool password_reset = false;
};

struct VersionRow {
  std::string id;  // "v1"
  std::string document;
  int64_t created_ms = 0;
};

struct PolicyRow {
  std::string arn;
  std::string name;
  std::string path = "/";
  std::string id;
  std::string description;
  int64_t created_ms = 0;
  int64_t updated_ms = 0;
  std::string default_version = "v1";
  int last_version = 1;
  std::vector<VersionRow> versions;
  resources::StringPairs tags;

  // nullptr: there is none.
  const VersionRow* Version(std::string_view version_id) const;
  const VersionRow& in_force() const;
  bool is_aws() const { return arn.starts_with("arn:aws:iam::aws:"); }
};

struct AccessKeyRow {
  std::string id;
  std::string secret;
  std::string user;  // "" the account's root
  bool is_active = true;
  int64_t created_ms = 0;
};

struct InstanceProfileRow {
  std::string name;
  std::string path = "/";
  std::string id;
  int64_t created_ms = 0;
  std::string role;  // its name; "" none
  resources::StringPairs tags;
};

struct ProviderRow {  // OpenID Connect or SAML
  std::string name;   // host and path of the URL; a SAML provider's name
  std::vector<std::string> client_ids;
  std::vector<std::string> thumbprints;
  bool is_plain_http = false;  // OpenID Connect: keys are fetched without TLS
  std::string document;  // SAML
  std::string id;        // SAML
  int64_t created_ms = 0;
  resources::StringPairs tags;
};

struct AccountRow {
  std::string alias;
  std::string password_policy;  // as JSON; "" none
  int64_t report_ms = 0;        // when the credential report was made; 0 never
};

using EntityPointer = std::shared_ptr<const EntityRow>;
using PolicyRowPointer = std::shared_ptr<const PolicyRow>;

std::string KeyOf(std::string_view account_id, std::string_view name);
// "arn:aws:iam::ACCOUNT:KIND/PATH/NAME"
std::string ArnOf(std::string_view account_id, std::string_view kind, std::string_view path, std::string_view name);
std::string ArnOf(std::string_view account_id, EntityKind kind, const EntityRow& row);
// "user", "group", "role"
std::string_view WordOf(EntityKind kind);
inline WallTime TimeOf(int64_t ms) { return WallTime(std::chrono::milliseconds(ms)); }

json::Value ToJson(const EntityRow& row);
json::Value ToJson(const PolicyRow& row);
json::Value ToJson(const AccessKeyRow& row);
json::Value ToJson(const InstanceProfileRow& row);
json::Value ToJson(const ProviderRow& row);
json::Value ToJson(const AccountRow& row);
Result<> FromJson(std::string_view key, const json::Value& value, EntityRow& row);
Result<> FromJson(std::string_view key, const json::Value& value, PolicyRow& row);
Result<> FromJson(std::string_view key, const json::Value& value, AccessKeyRow& row);
Result<> FromJson(std::string_view key, const json::Value& value, InstanceProfileRow& row);
Result<> FromJson(std::string_view key, const json::Value& value, ProviderRow& row);
Result<> FromJson(std::string_view key, const json::Value& value, AccountRow& row);

}  // namespace mayfly::iam
