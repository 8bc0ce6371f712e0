// What KMS keeps: keys with their sealed materials, aliases, grants. Rows of the control store, durable like everything that was answered 2xx.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "resources/json_members.h"
#include "resources/resource_table.h"

namespace mayfly::kms {

inline constexpr size_t kKeysMax = 100'000;        // of all accounts (AWS: of each, in a region)
inline constexpr size_t kAliasesMax = 50;          // per key
inline constexpr size_t kGrantsMax = 50'000;       // of all accounts (AWS: per key)
inline constexpr size_t kOnDemandRotationsMax = 25;  // per key

struct KeyName {
  std::string account_id;
  std::string region;
  std::string id;  // a UUID, or "mrk-" and 32 digits

  std::string Key() const { return Place() + id; }
  // "ACCOUNT/REGION/": of the rows of all that the account has there.
  std::string Place() const { return account_id + '/' + region + '/'; }
  std::string Arn() const;
};
// The reverse of Key.
KeyName KeyNameOf(std::string_view key);

enum class RotationKind : int64_t { None, Automatic, OnDemand };

// What a key encrypts or signs with. Materials stay as long as their key: what they encrypted can be decrypted.
struct Material {
  std::string id;         // 64 hex digits
  std::string sealed;     // by the keyring, bound to key and id: 32 bytes, an HMAC key, or a private key (PKCS #8)
  std::string public_key; // SubjectPublicKeyInfo in base64; of pairs
  int64_t since_millis = 0;
  int64_t rotation = 0;   // RotationKind
};

struct KeyRow {
  KeyName name;  // not part of the row: it is the row's key
  std::string spec = "SYMMETRIC_DEFAULT";
  std::string usage = "ENCRYPT_DECRYPT";
  std::string state = "Enabled";
  std::string description;
  std::string aws_service;    // "ssm": a key of AWS's own; "" of a customer's
  std::string policy;         // "": the default one
  int64_t created_millis = 0;
  int64_t deletion_millis = 0;  // with PendingDeletion
  bool multi_region = false;
  std::vector<Material> materials;  // the newest is the last
  int64_t rotation_days = 0;        // 0: no automatic rotation
  int64_t next_rotation_millis = 0;
  int64_t rotated_on_demand = 0;    // how often
  resources::StringPairs tags;

  bool is_symmetric() const { return spec == "SYMMETRIC_DEFAULT"; }
  bool is_aws() const { return !aws_service.empty(); }
  std::string PolicyText() const;
};

struct AliasRow {
  KeyName name;  // id: "alias/NAME"; not part of the row
  std::string target_id;
  int64_t created_millis = 0;
  int64_t updated_millis = 0;
};

struct GrantRow {
  KeyName key;    // not part of the row
  std::string id;  // neither
  std::string name;
  std::string grantee;
  std::string retiring;
  std::string issuing;  // the account's root
  std::vector<std::string> operations;
  resources::StringPairs subset;  // of the encryption context; see `equals`
  resources::StringPairs equals;
  std::string source_arn;
  int64_t created_millis = 0;
};
std::string GrantKey(const KeyName& key, std::string_view id);

json::Value ToJson(const KeyRow& key);
Result<> FromJson(std::string_view key, const json::Value& value, KeyRow& row);
json::Value ToJson(const AliasRow& alias);
Result<> FromJson(std::string_view key, const json::Value& value, AliasRow& row);
json::Value ToJson(const GrantRow& grant);
Result<> FromJson(std::string_view key, const json::Value& value, GrantRow& row);

// Made before the store's tables are opened. Grants go with their key; so do aliases, which are deleted one by one.
struct KeyTables {
  explicit KeyTables(resources::ResourceTables& all);

  resources::ResourceTables& all;
  resources::ResourceTable<KeyRow> keys;       // by KeyName::Key()
  resources::ResourceTable<AliasRow> aliases;  // by KeyName::Key(), the id being "alias/NAME"
  resources::ResourceTable<GrantRow> grants;   // by GrantKey()
};
using KeyPointer = resources::ResourceTable<KeyRow>::Pointer;

// Errors of the service.
Error Invalid(std::string message);   // ValidationException
Error NotFound(std::string message);  // NotFoundException
Error NoAlias(const KeyName& alias);

}  // namespace mayfly::kms
