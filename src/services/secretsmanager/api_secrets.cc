// CreateSecret, DescribeSecret, UpdateSecret, DeleteSecret, RestoreSecret.
#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "resources/edit.h"
#include "resources/tags.h"
#include "services/secretsmanager/secrets_api.h"

namespace mayfly::secretsmanager {
namespace {

constexpr int64_t kDayMillis = 86'400'000;
constexpr int64_t kWindowDaysMin = 7;
constexpr int64_t kWindowDaysMax = 30;

bool IsNameCharacter(char c) { return std::isalnum(static_cast<unsigned char>(c)) || std::string_view("-/_+=.@!").contains(c); }

Result<> CheckSecretName(std::string_view name) {
  if (std::ranges::all_of(name, IsNameCharacter)) return {};
  return Fail(Error::Service("ValidationException", "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"));
}

Result<> CheckHere(const CreateSecretRequest& request) {
  if (!request.add_replica_regions && !request.cross_account_primary_arn) return {};
  return Fail(Error::Service("NotImplementedException", "CreateSecret with replicas is not implemented by Mayfly yet: it comes with replication."));
}

}  // namespace

std::optional<std::string> UnlessEmpty(const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); }
std::optional<WallTime> DateOf(int64_t millis) { return millis == 0 ? std::nullopt : std::optional(WallTime(std::chrono::milliseconds(millis))); }

Result<std::optional<SecretValue>> ValueOf(std::optional<std::string>& text, std::optional<std::string>& binary) {
  if (text && binary) return Fail(BadParameter("You can't specify both a binary secret value and a string secret value in the same secret."));
  if (text) return SecretValue{.bytes = std::move(*text), .is_binary = false};
  if (binary) return SecretValue{.bytes = std::move(*binary), .is_binary = true};
  return std::optional<SecretValue>();
}

RotationRulesType RulesOf(const RotationPlan& plan) {
  RotationRulesType rules{.automatically_after_days = {}, .duration = UnlessEmpty(plan.duration), .schedule_expression = UnlessEmpty(plan.schedule)};
  if (plan.after_days > 0) rules.automatically_after_days = plan.after_days;
  return rules;
}

wire::Map<std::vector<std::string>> StagesOf(const SecretRow& secret) {
  wire::Map<std::vector<std::string>> stages;
  for (const SecretVersion& version : secret.versions) {
    if (!version.stages.empty()) stages.emplace_back(version.id, version.stages);
  }
  return stages;
}

Task<Result<CreateSecretResponse>> SecretsApi::CreateSecret(Context& ctx, CreateSecretRequest request) {
  MF_CO_TRY_VOID(CheckSecretName(request.name));
  MF_CO_TRY_VOID(CheckHere(request));
  MF_CO_TRY(std::optional<SecretValue> value, ValueOf(request.secret_string, request.secret_binary));
  MF_CO_TRY(resources::StringPairs tags, PairsOf(request.tags.value_or(std::vector<Tag>())));
  if (secrets_->tables().secrets.size() >= kSecretsMax) co_return Fail(Error::Service("LimitExceededException", "The quota of secrets has been reached."));
  MF_CO_TRY(const std::string key_arn, co_await secrets_->FindKey(ctx, ctx.principal.account_id, request.kms_key_id.value_or("")));
  Secrets::NewVersion version{.id = request.client_request_token.value_or(secrets_->NewId()), .value = value.value_or(SecretValue()), .stages = {std::string(kCurrent)},
                              .key_arn = key_arn};
  CreateSecretResponse response{.arn = {}, .name = request.name, .version_id = {}, .replication_status = {}};
  if (value) response.version_id = version.id;
  SecretRow made = secrets_->MakeRow(ctx, request.name);
  made.type = request.type.value_or("");
  made.description = request.description.value_or("");
  made.kms_key_id = request.kms_key_id.value_or("");
  made.tags = std::move(tags);
  const std::string key = made.name.Key();
  MF_CO_TRY_VOID(co_await resources::EditWith(ctx, secrets_->tables().secrets, key, [&](resources::Change& change, const SecretPointer& old) -> Result<> {
    if (old && old->is_deleted()) return Fail(BadRequest("You can't create this secret because a secret with this name is already scheduled for deletion."));
    SecretRow secret = old ? *old : made;
    response.arn = secret.Arn();
    if (old) {  // made by an earlier attempt of the same call?
      if (!value || !old->FindVersion(version.id)) return Fail(secrets_->tables().secrets.errors().exists(key));
      return secrets_->StageVersion(ctx, change, secret, version);
    }
    SecretRow full = secret;
    if (value) MF_TRY_VOID(secrets_->StageVersion(ctx, change, full, version));
    return change.Create(secrets_->tables().secrets, key, std::move(full));
  }));
  co_return response;
}

Task<Result<DescribeSecretResponse>> SecretsApi::DescribeSecret(Context& ctx, DescribeSecretRequest request) {
  MF_CO_TRY(const SecretPointer secret, secrets_->Find(ctx, request.secret_id));
  DescribeSecretResponse shown{.arn = secret->Arn(), .name = secret->name.name, .type = UnlessEmpty(secret->type), .description = UnlessEmpty(secret->description),
                               .kms_key_id = UnlessEmpty(secret->kms_key_id)};
  const RotationPlan& plan = secret->rotation;
  if (plan.was_set) shown.rotation_enabled = plan.is_enabled;
  shown.rotation_lambda_arn = UnlessEmpty(plan.function_arn);
  if (plan.after_days > 0 || !plan.schedule.empty()) shown.rotation_rules = RulesOf(plan);
  shown.last_rotated_date = DateOf(plan.last_millis);
  shown.next_rotation_date = DateOf(plan.next_millis);
  shown.last_changed_date = DateOf(secret->changed_millis);
  shown.last_accessed_date = DateOf(secret->accessed_day_millis);
  shown.deleted_date = DateOf(secret->deleted_millis);
  shown.tags = TagsOf(secret->tags);
  if (auto stages = StagesOf(*secret); !stages.empty()) shown.version_ids_to_stages = std::move(stages);
  shown.created_date = DateOf(secret->created_millis);
  co_return shown;
}

Task<Result<SecretPointer>> SecretsApi::EditAlive(Context& ctx, const std::string& id, Secrets::Stage stage) {
  MF_CO_TRY(SecretPointer secret, secrets_->FindAlive(ctx, id));
  MF_CO_TRY_VOID(co_await secrets_->Edit(ctx, secret->name.Key(), [&](resources::Change& change, SecretRow& row) -> Result<> {
    if (row.is_deleted()) return Fail(IsDeleted());
    return stage(change, row);
  }));
  co_return secret;
}

Task<Result<UpdateSecretResponse>> SecretsApi::UpdateSecret(Context& ctx, UpdateSecretRequest request) {
  MF_CO_TRY(std::optional<SecretValue> value, ValueOf(request.secret_string, request.secret_binary));
  MF_CO_TRY(const SecretPointer found, secrets_->FindAlive(ctx, request.secret_id));
  MF_CO_TRY(const std::string key_arn, co_await secrets_->FindKey(ctx, found->name.account_id, request.kms_key_id.value_or(found->kms_key_id)));
  UpdateSecretResponse response{.arn = found->Arn(), .name = found->name.name, .version_id = {}};
  Secrets::NewVersion version{.id = request.client_request_token.value_or(secrets_->NewId()), .value = value.value_or(SecretValue()), .stages = {std::string(kCurrent)},
                              .key_arn = key_arn};
  if (value) response.version_id = version.id;
  MF_CO_TRY_VOID(co_await EditAlive(ctx, request.secret_id, [&](resources::Change& change, SecretRow& secret) -> Result<> {
    if (request.description) secret.description = *request.description;
    if (request.type) secret.type = *request.type;
    if (request.kms_key_id) {
      secret.kms_key_id = *request.kms_key_id;
      MF_TRY_VOID(secrets_->StageOtherKey(ctx, change, secret, key_arn));
    }
    secret.changed_millis = secrets_->NowMillis();
    return value ? secrets_->StageVersion(ctx, change, secret, version) : Result<>();
  }));
  co_return response;
}

Task<Result<DeleteSecretResponse>> SecretsApi::DeleteSecret(Context& ctx, DeleteSecretRequest request) {
  const bool at_once = request.force_delete_without_recovery.value_or(false);
  const int64_t days = request.recovery_window_in_days.value_or(kWindowDaysMax);
  if (at_once && request.recovery_window_in_days) co_return Fail(BadParameter("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."));
  if (days < kWindowDaysMin || days > kWindowDaysMax) co_return Fail(BadParameter("The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."));
  const auto found = secrets_->Find(ctx, request.secret_id);
  const int64_t now = secrets_->NowMillis();
  if (!found && at_once && found.error().kind == Error::Kind::Service) {  // what is to be gone is gone
    co_return DeleteSecretResponse{.arn = secrets_->MakeRow(ctx, request.secret_id).Arn(), .name = request.secret_id, .deletion_date = DateOf(now)};
  }
  if (!found) co_return Fail(found.error());
  const SecretRow& secret = **found;
  DeleteSecretResponse response{.arn = secret.Arn(), .name = secret.name.name, .deletion_date = DateOf(at_once ? now : now + days * kDayMillis)};
  if (at_once) {
    MF_CO_TRY_VOID(co_await secrets_->Remove(ctx, secret.name.Key()));
    co_return response;
  }
  MF_CO_TRY_VOID(co_await secrets_->Edit(ctx, secret.name.Key(), [&](resources::Change&, SecretRow& row) -> Result<> {
    if (row.is_deleted()) return Fail(BadRequest("You can't perform this operation on the secret because it was already scheduled for deletion."));
    row.deleted_millis = now;
    row.purge_millis = now + days * kDayMillis;
    return {};
  }));
  co_return response;
}

Task<Result<RestoreSecretResponse>> SecretsApi::RestoreSecret(Context& ctx, RestoreSecretRequest request) {
  MF_CO_TRY(const SecretPointer secret, secrets_->Find(ctx, request.secret_id));
  MF_CO_TRY_VOID(co_await secrets_->Edit(ctx, secret->name.Key(), [](resources::Change&, SecretRow& row) -> Result<> {
    row.deleted_millis = row.purge_millis = 0;
    return {};
  }));
  co_return RestoreSecretResponse{.arn = secret->Arn(), .name = secret->name.name};
}

}  // namespace mayfly::secretsmanager
