#include "services/kms/key_row.h"

#include <fmt/format.h>

#include "identity/arn.h"

namespace mayfly::kms {
namespace {

Error MissingKey(std::string_view key) { return NotFound(fmt::format("Key '{}' does not exist", KeyNameOf(key).Arn())); }
Error MissingAlias(std::string_view key) { return NoAlias(KeyNameOf(key)); }
Error AliasExists(std::string_view key) {
  return Error::Service("AlreadyExistsException", fmt::format("An alias with the name {} already exists", KeyNameOf(key).Arn()));
}
Error MissingGrant(std::string_view key) { return NotFound(fmt::format("Grant ID {} not found", key.substr(key.rfind('/') + 1))); }
Error KeyBusy(std::string_view key) {
  return Error::Service("KMSInvalidStateException", fmt::format("{} is being changed.", KeyNameOf(key).Arn()));
}

// Grants hang on their key.
resources::Owner OwnerOfGrants(resources::AnyTable& keys) {
  return {.table = &keys,
          .key_of = [](std::string_view key) { return std::optional(std::string(key.substr(0, key.rfind('/')))); },
          .root_of = [](std::string_view key) { return std::string(key); },
          .needed = resources::Owner::Needed::Always};
}

// As AWS writes it, blanks included.
std::string DefaultPolicy(const KeyName& name) {
  return fmt::format(R"({{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {{
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "arn:{}:iam::{}:root"
    }},
    "Action" : "kms:*",
    "Resource" : "*"
  }} ]
}})",
                     identity::PartitionOf(name.region), name.account_id);
}

std::string PolicyOfAws(const KeyRow& key) {
  const std::string& service = key.aws_service;
  return fmt::format(R"({{
  "Version" : "2012-10-17",
  "Id" : "auto-{0}-1",
  "Statement" : [ {{
    "Sid" : "Allow access through {0} for all principals in the account that are authorized to use it",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "*"
    }},
    "Action" : [ "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey" ],
    "Resource" : "*",
    "Condition" : {{
      "StringEquals" : {{
        "kms:CallerAccount" : "{1}",
        "kms:ViaService" : "{0}.{2}.amazonaws.com"
      }}
    }}
  }}, {{
    "Sid" : "Allow direct access to key metadata to the account",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "arn:{3}:iam::{1}:root"
    }},
    "Action" : [ "kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant" ],
    "Resource" : "*"
  }} ]
}})",
                     service, key.name.account_id, key.name.region, identity::PartitionOf(key.name.region));
}

}  // namespace

std::string KeyName::Arn() const {
  return fmt::format("arn:{}:kms:{}:{}:{}{}", identity::PartitionOf(region), region, account_id, id.starts_with("alias/") ? "" : "key/", id);
}

KeyName KeyNameOf(std::string_view key) {
  const size_t region = key.find('/') + 1;
  const size_t id = key.find('/', region) + 1;
  MF_ASSERT(region > 0 && id > 0);
  return {std::string(key.substr(0, region - 1)), std::string(key.substr(region, id - 1 - region)), std::string(key.substr(id))};
}

std::string KeyRow::PolicyText() const {
  if (is_aws()) return PolicyOfAws(*this);
  return policy.empty() ? DefaultPolicy(name) : policy;
}

std::string GrantKey(const KeyName& key, std::string_view id) { return key.Key() + '/' + std::string(id); }

void VisitMembers(resources::Is<Material> auto& material, auto&& visit) {
  visit("Id", material.id);
  visit("Sealed", material.sealed);
  visit("Public", material.public_key);
  visit("Since", material.since_millis);
  visit("Rotation", material.rotation);
}

void VisitMembers(resources::Is<KeyRow> auto& key, auto&& visit) {
  visit("Spec", key.spec);
  visit("Usage", key.usage);
  visit("State", key.state);
  visit("Description", key.description);
  visit("Aws", key.aws_service);
  visit("Policy", key.policy);
  visit("Created", key.created_millis);
  visit("Deletion", key.deletion_millis);
  visit("MultiRegion", key.multi_region);
  visit("Materials", key.materials);
  visit("RotationDays", key.rotation_days);
  visit("NextRotation", key.next_rotation_millis);
  visit("OnDemand", key.rotated_on_demand);
  visit("Tags", key.tags);
}

void VisitMembers(resources::Is<AliasRow> auto& alias, auto&& visit) {
  visit("Target", alias.target_id);
  visit("Created", alias.created_millis);
  visit("Updated", alias.updated_millis);
}

void VisitMembers(resources::Is<GrantRow> auto& grant, auto&& visit) {
  visit("Name", grant.name);
  visit("Grantee", grant.grantee);
  visit("Retiring", grant.retiring);
  visit("Issuing", grant.issuing);
  visit("Operations", grant.operations);
  visit("Subset", grant.subset);
  visit("Equals", grant.equals);
  visit("SourceArn", grant.source_arn);
  visit("Created", grant.created_millis);
}

json::Value ToJson(const KeyRow& key) { return resources::WriteMembers(key); }
json::Value ToJson(const AliasRow& alias) { return resources::WriteMembers(alias); }
json::Value ToJson(const GrantRow& grant) { return resources::WriteMembers(grant); }

Result<> FromJson(std::string_view key, const json::Value& value, KeyRow& row) {
  row.name = KeyNameOf(key);
  resources::ReadMembers(value, row);
  return {};
}

Result<> FromJson(std::string_view key, const json::Value& value, AliasRow& row) {
  row.name = KeyNameOf(key);
  resources::ReadMembers(value, row);
  return {};
}

Result<> FromJson(std::string_view key, const json::Value& value, GrantRow& row) {
  row.key = KeyNameOf(key.substr(0, key.rfind('/')));
  row.id = key.substr(key.rfind('/') + 1);
  resources::ReadMembers(value, row);
  return {};
}

KeyTables::KeyTables(resources::ResourceTables& tables)
    : all(tables),
      keys(tables, "kms_keys", {.owners = {}, .errors = {.missing = MissingKey, .exists = KeyBusy, .busy = KeyBusy}}),
      aliases(tables, "kms_aliases", {.owners = {}, .errors = {.missing = MissingAlias, .exists = AliasExists, .busy = KeyBusy}}),
      grants(tables, "kms_grants", {.owners = {OwnerOfGrants(keys)}, .errors = {.missing = MissingGrant, .exists = KeyBusy, .busy = KeyBusy}}) {}

Error Invalid(std::string message) { return Error::Service("ValidationException", std::move(message)); }
Error NotFound(std::string message) { return Error::Service("NotFoundException", std::move(message)); }
Error NoAlias(const KeyName& alias) { return NotFound(fmt::format("Alias {} is not found.", alias.Arn())); }

}  // namespace mayfly::kms
