#include "services/secretsmanager/secret_row.h"

#include <algorithm>

#include <fmt/format.h>

#include "identity/arn.h"

namespace mayfly::secretsmanager {
namespace {

Error MissingSecret(std::string_view) { return NoSecret(); }
Error SecretExists(std::string_view key) {
  const std::string_view name = key.substr(key.find('/', key.find('/') + 1) + 1);
  return Error::Service("ResourceExistsException", fmt::format("The operation failed because the secret {} already exists.", name));
}
Error SecretBusy(std::string_view) { return BadRequest("Another change of the secret is on its way."); }

resources::Owner OwnerOfValues(resources::AnyTable& secrets) {
  return {.table = &secrets,
          .key_of = [](std::string_view key) { return std::optional(std::string(key.substr(0, key.find('#')))); },
          .root_of = [](std::string_view secret_key) { return std::string(secret_key) + '#'; },
          .needed = resources::Owner::Needed::IfPresent};  // a new secret comes behind its value
}

SecretName NameOfKey(std::string_view key) {
  const size_t region = key.find('/') + 1;
  const size_t name = key.find('/', region) + 1;
  MF_ASSERT(region > 0 && name > 0);
  return {std::string(key.substr(0, region - 1)), std::string(key.substr(region, name - 1 - region)), std::string(key.substr(name))};
}

}  // namespace

bool SecretVersion::Has(std::string_view stage) const { return std::ranges::find(stages, stage) != stages.end(); }

std::string SecretRow::Arn() const {
  return fmt::format("arn:{}:secretsmanager:{}:{}:secret:{}-{}", identity::PartitionOf(name.region), name.region, name.account_id, name.name, suffix);
}

const SecretVersion* SecretRow::FindVersion(std::string_view id) const {
  const auto found = std::ranges::find(versions, id, &SecretVersion::id);
  return found == versions.end() ? nullptr : &*found;
}

SecretVersion* SecretRow::FindVersion(std::string_view id) {
  const auto found = std::ranges::find(versions, id, &SecretVersion::id);
  return found == versions.end() ? nullptr : &*found;
}

const SecretVersion* SecretRow::FindStage(std::string_view stage) const {
  const auto found = std::ranges::find_if(versions, [&](const SecretVersion& version) { return version.Has(stage); });
  return found == versions.end() ? nullptr : &*found;
}

std::string ValueKey(const SecretName& secret, std::string_view version) { return fmt::format("{}#/{}", secret.Key(), version); }

void VisitMembers(resources::Is<SecretVersion> auto& version, auto&& visit) {
  visit("Id", version.id);
  visit("Stages", version.stages);
  visit("Valued", version.has_value);
  visit("Key", version.key_arn);
  visit("Created", version.created_millis);
  visit("Accessed", version.accessed_day_millis);
}

void VisitMembers(resources::Is<RotationPlan> auto& plan, auto&& visit) {
  visit("Function", plan.function_arn);
  visit("AfterDays", plan.after_days);
  visit("Duration", plan.duration);
  visit("Schedule", plan.schedule);
  visit("Enabled", plan.is_enabled);
  visit("Set", plan.was_set);
  visit("Since", plan.since_millis);
  visit("Last", plan.last_millis);
  visit("Next", plan.next_millis);
  visit("Running", plan.running_version);
  visit("TestsOnly", plan.tests_only);
}

void VisitMembers(resources::Is<SecretRow> auto& secret, auto&& visit) {
  visit("Suffix", secret.suffix);
  visit("Type", secret.type);
  visit("Description", secret.description);
  visit("KmsKey", secret.kms_key_id);
  visit("Policy", secret.policy);
  visit("Created", secret.created_millis);
  visit("Changed", secret.changed_millis);
  visit("Accessed", secret.accessed_day_millis);
  visit("Deleted", secret.deleted_millis);
  visit("Purge", secret.purge_millis);
  visit("Rotation", secret.rotation);
  visit("Versions", secret.versions);
  visit("Tags", secret.tags);
}

void VisitMembers(resources::Is<ValueRow> auto& value, auto&& visit) {
  visit("Blob", value.blob);
  visit("Binary", value.is_binary);
}

json::Value ToJson(const SecretRow& secret) { return resources::WriteMembers(secret); }
json::Value ToJson(const ValueRow& value) { return resources::WriteMembers(value); }

Result<> FromJson(std::string_view key, const json::Value& value, SecretRow& secret) {
  secret.name = NameOfKey(key);
  resources::ReadMembers(value, secret);
  return {};
}

Result<> FromJson(std::string_view, const json::Value& value, ValueRow& row) {
  resources::ReadMembers(value, row);
  return {};
}

SecretTables::SecretTables(resources::ResourceTables& tables)
    : all(tables),
      secrets(tables, "secrets", {.owners = {}, .errors = {.missing = MissingSecret, .exists = SecretExists, .busy = SecretBusy}}),
      values(tables, "secret_values", {.owners = {OwnerOfValues(secrets)}, .errors = {.missing = MissingSecret, .exists = SecretBusy, .busy = SecretBusy}}) {}

Error NoSecret() { return Error::Service("ResourceNotFoundException", "Secrets Manager can't find the specified secret."); }
Error NoVersion(std::string_view id) {
  return Error::Service("ResourceNotFoundException", fmt::format("Secrets Manager can't find the specified secret value for VersionId: {}", id));
}
Error BadRequest(std::string message) { return Error::Service("InvalidRequestException", std::move(message)); }
Error BadParameter(std::string message) { return Error::Service("InvalidParameterException", std::move(message)); }
Error IsDeleted() { return BadRequest("You can't perform this operation on the secret because it was marked for deletion."); }

}  // namespace mayfly::secretsmanager
