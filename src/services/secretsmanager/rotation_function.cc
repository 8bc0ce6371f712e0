#include "services/secretsmanager/rotation_function.h"

#include "catalog/function_reference.h"

namespace mayfly::secretsmanager {
namespace {

constexpr std::string_view kPrincipal = "secretsmanager.amazonaws.com";

Error MayNot() {
  return Error::Service("AccessDeniedException", "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the "
                                                 "principal secretsmanager.amazonaws.com.");
}

}  // namespace

Result<> RotationFunction::Check(const SecretRow& secret, const std::string& function_arn) const {
  const auto function = catalog::ParseFunctionArn(function_arn);
  if (!function) return Fail(BadParameter("The rotation function's ARN is not valid: " + function_arn));
  identity::ConditionKeys keys;
  keys.Add("aws:SourceArn", secret.Arn()).Add("aws:SourceAccount", secret.name.account_id);
  if (!access_->Authorize(identity::RequestPrincipal::Service(kPrincipal), "lambda:InvokeFunction", *function, std::move(keys))) return Fail(MayNot());
  if (auto found = catalog_->ResolveForInvoke(*function, *random_); !found) return Fail(std::move(found).error());
  return {};
}

Task<Result<>> RotationFunction::Call(Context& ctx, const SecretRow& secret, std::string_view step, std::string version_id) const {
  const std::string& arn = secret.rotation.function_arn;
  MF_CO_TRY_VOID(Check(secret, arn));
  MF_CO_TRY(catalog::FunctionCatalog::Resolved found, catalog_->ResolveForInvoke(*catalog::ParseFunctionArn(arn), *random_));
  json::Value event{json::Object()};
  event.Set("Step", step);
  event.Set("SecretId", secret.Arn());
  event.Set("ClientRequestToken", std::move(version_id));
  ctx.request_id = random_->Uuid();
  runtime::Invocation invocation;
  invocation.request_id = ctx.request_id;
  invocation.invoked_function_arn = arn;
  invocation.payload = json::Write(event);
  MF_CO_TRY(const runtime::InvokeOutcome outcome, co_await invoker_->Invoke(ctx, std::move(found.function), std::move(invocation)));
  if (outcome.function_error) co_return Fail(Error::Service("FunctionError", outcome.payload));
  co_return Result<>();
}

}  // namespace mayfly::secretsmanager
