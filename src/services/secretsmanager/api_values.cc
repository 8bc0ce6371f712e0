// GetSecretValue, PutSecretValue, UpdateSecretVersionStage, GetRandomPassword.
#include <fmt/format.h>

#include "services/secretsmanager/random_password.h"
#include "services/secretsmanager/secret_stages.h"
#include "services/secretsmanager/secrets_api.h"

namespace mayfly::secretsmanager {
namespace {

Error NoStage(std::string_view stage) {
  return Error::Service("ResourceNotFoundException", fmt::format("Secrets Manager can't find the specified secret value for staging label: {}", stage));
}

Result<const SecretVersion*> ChooseVersion(const SecretRow& secret, const std::optional<std::string>& id, const std::optional<std::string>& stage) {
  if (!id) {
    const std::string wanted = stage.value_or(std::string(kCurrent));
    const SecretVersion* version = secret.FindStage(wanted);
    if (version && version->has_value) return version;
    return Fail(NoStage(wanted));
  }
  const SecretVersion* version = secret.FindVersion(*id);
  if (!version || !version->has_value) return Fail(stage && version ? NoStage(*stage) : NoVersion(*id));
  if (stage && !version->Has(*stage)) return Fail(BadRequest("You provided a VersionStage that is not associated to the provided VersionId."));
  return version;
}

}  // namespace

Task<Result<>> SecretsApi::NoteAccess(Context& ctx, const SecretRow& secret, const std::string& version_id) {
  const int64_t today = secrets_->TodayMillis();
  const SecretVersion* version = secret.FindVersion(version_id);
  if (!version || (version->accessed_day_millis == today && secret.accessed_day_millis == today)) co_return Result<>();
  co_return co_await secrets_->Edit(ctx, secret.name.Key(), [&](resources::Change&, SecretRow& row) -> Result<> {
    row.accessed_day_millis = today;
    if (SecretVersion* read = row.FindVersion(version_id)) read->accessed_day_millis = today;
    return {};
  });
}

Task<Result<GetSecretValueResponse>> SecretsApi::ReadValue(Context& ctx, SecretPointer secret, std::optional<std::string> version_id, std::optional<std::string> stage) {
  if (secret->is_deleted()) co_return Fail(IsDeleted());
  MF_CO_TRY(const SecretVersion* version, ChooseVersion(*secret, version_id, stage));
  MF_CO_TRY(SecretValue value, secrets_->Read(ctx, *secret, *version));
  MF_CO_TRY_VOID(co_await NoteAccess(ctx, *secret, version->id));
  GetSecretValueResponse response{.arn = secret->Arn(), .name = secret->name.name, .version_id = version->id};
  (value.is_binary ? response.secret_binary : response.secret_string) = std::move(value.bytes);
  if (!version->stages.empty()) response.version_stages = version->stages;
  response.created_date = DateOf(version->created_millis);
  co_return response;
}

Task<Result<GetSecretValueResponse>> SecretsApi::GetSecretValue(Context& ctx, GetSecretValueRequest request) {
  MF_CO_TRY(SecretPointer secret, secrets_->Find(ctx, request.secret_id));
  co_return co_await ReadValue(ctx, std::move(secret), std::move(request.version_id), std::move(request.version_stage));
}

Task<Result<PutSecretValueResponse>> SecretsApi::PutSecretValue(Context& ctx, PutSecretValueRequest request) {
  MF_CO_TRY(std::optional<SecretValue> value, ValueOf(request.secret_string, request.secret_binary));
  if (!value) co_return Fail(BadRequest("You must provide either SecretString or SecretBinary."));
  MF_CO_TRY(const SecretPointer found, secrets_->FindAlive(ctx, request.secret_id));
  MF_CO_TRY(const std::string key_arn, co_await secrets_->FindKey(ctx, found->name.account_id, found->kms_key_id));
  const Secrets::NewVersion version{.id = request.client_request_token.value_or(secrets_->NewId()), .value = std::move(*value),
                                    .stages = request.version_stages.value_or(std::vector<std::string>{std::string(kCurrent)}), .key_arn = key_arn};
  PutSecretValueResponse response{.arn = found->Arn(), .name = found->name.name, .version_id = version.id, .version_stages = {}};
  MF_CO_TRY_VOID(co_await EditAlive(ctx, request.secret_id, [&](resources::Change& change, SecretRow& secret) -> Result<> {
    MF_TRY_VOID(secrets_->StageVersion(ctx, change, secret, version));
    response.version_stages = secret.FindVersion(version.id)->stages;
    return {};
  }));
  co_return response;
}

Task<Result<UpdateSecretVersionStageResponse>> SecretsApi::UpdateSecretVersionStage(Context& ctx, UpdateSecretVersionStageRequest request) {
  MF_CO_TRY(const SecretPointer secret, co_await EditAlive(ctx, request.secret_id, [&](resources::Change&, SecretRow& row) -> Result<> {
    MF_TRY_VOID(MoveStage(row, {.stage = request.version_stage, .from = request.remove_from_version_id, .to = request.move_to_version_id}));
    row.changed_millis = secrets_->NowMillis();
    return {};
  }));
  co_return UpdateSecretVersionStageResponse{.arn = secret->Arn(), .name = secret->name.name};
}

Task<Result<GetRandomPasswordResponse>> SecretsApi::GetRandomPassword(Context&, GetRandomPasswordRequest request) {
  MF_CO_TRY(std::string password,
            MakePassword({.length = static_cast<size_t>(request.password_length.value_or(32)), .excluded = request.exclude_characters.value_or(""),
                          .lower = !request.exclude_lowercase.value_or(false), .upper = !request.exclude_uppercase.value_or(false),
                          .digits = !request.exclude_numbers.value_or(false), .punctuation = !request.exclude_punctuation.value_or(false),
                          .space = request.include_space.value_or(false), .each = request.require_each_included_type.value_or(true)},
                         *parts_.random));
  co_return GetRandomPasswordResponse{.random_password = std::move(password)};
}

}  // namespace mayfly::secretsmanager
