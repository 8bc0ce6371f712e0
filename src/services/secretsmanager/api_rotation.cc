// RotateSecret, CancelRotateSecret.
#include "services/secretsmanager/rotation_rules.h"
#include "services/secretsmanager/secrets_api.h"

namespace mayfly::secretsmanager {
namespace {

// The plan as the request leaves it.
Result<RotationPlan> PlanOf(const RotateSecretRequest& request, RotationPlan plan, int64_t now) {
  if (request.rotation_lambda_arn && !request.rotation_lambda_arn->empty()) plan.function_arn = *request.rotation_lambda_arn;
  if (plan.function_arn.empty()) return Fail(BadRequest("No Lambda rotation function ARN is associated with this secret."));
  plan.is_enabled = plan.was_set = true;
  plan.since_millis = now;
  if (request.rotation_rules) {
    plan.after_days = request.rotation_rules->automatically_after_days.value_or(0);
    plan.schedule = request.rotation_rules->schedule_expression.value_or("");
    plan.duration = request.rotation_rules->duration.value_or("");
  }
  MF_TRY_VOID(CheckPlan(plan));
  const auto next = NextRotation(plan, WallTime(std::chrono::milliseconds(now)));
  plan.next_millis = next ? ToEpochMillis(*next) : 0;
  return plan;
}

// A rotation that has not come to its end is taken up again, and the caller is told so.
Error NotComplete() { return BadRequest("A previous rotation isn't complete. That rotation will be reattempted."); }

}  // namespace

Task<Result<RotateSecretResponse>> SecretsApi::RotateSecret(Context& ctx, RotateSecretRequest request) {
  if (request.external_secret_rotation_role_arn || request.external_secret_rotation_metadata) {
    co_return Fail(Error::Service("NotImplementedException", "Secrets that others rotate are not implemented by Mayfly."));
  }
  MF_CO_TRY(const SecretPointer found, secrets_->FindAlive(ctx, request.secret_id));
  MF_CO_TRY(const RotationPlan wanted, PlanOf(request, found->rotation, secrets_->NowMillis()));
  MF_CO_TRY_VOID(parts_.function->Check(*found, wanted.function_arn));
  const bool at_once = request.rotate_immediately.value_or(true);
  const std::string version_id = request.client_request_token.value_or(secrets_->NewId());
  bool is_left = false;
  MF_CO_TRY_VOID(co_await EditAlive(ctx, request.secret_id, [&](resources::Change&, SecretRow& secret) -> Result<> {
    const SecretVersion* pending = secret.FindStage(kPending);
    is_left = !secret.rotation.running_version.empty() || (pending && !pending->Has(kCurrent) && pending->id != version_id);
    const std::string running = secret.rotation.running_version;
    secret.rotation = wanted;
    secret.rotation.running_version = running;
    if (!running.empty()) return {};
    SecretKeeper::Begin(secret, is_left ? pending->id : version_id, secrets_->NowMillis());
    secret.rotation.tests_only = !at_once && !is_left;
    return {};
  }));
  if (!is_left || found->rotation.running_version.empty()) parts_.keeper->Rotate(found->name.Key());
  if (is_left) co_return Fail(NotComplete());
  RotateSecretResponse response{.arn = found->Arn(), .name = found->name.name, .version_id = {}};
  if (at_once) response.version_id = version_id;
  co_return response;
}

Task<Result<CancelRotateSecretResponse>> SecretsApi::CancelRotateSecret(Context& ctx, CancelRotateSecretRequest request) {
  CancelRotateSecretResponse response;
  MF_CO_TRY(const SecretPointer secret, co_await EditAlive(ctx, request.secret_id, [&](resources::Change&, SecretRow& row) -> Result<> {
    if (row.rotation.function_arn.empty()) return Fail(BadRequest("No Lambda rotation function ARN is associated with this secret."));
    if (const SecretVersion* pending = row.FindStage(kPending)) response.version_id = pending->id;
    row.rotation.is_enabled = false;
    row.rotation.next_millis = 0;
    row.rotation.running_version.clear();
    row.rotation.tests_only = false;
    return {};
  }));
  response.arn = secret->Arn();
  response.name = secret->name.name;
  co_return response;
}

}  // namespace mayfly::secretsmanager
