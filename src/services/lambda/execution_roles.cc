#include "services/lambda/execution_roles.h"

#include "identity/arn.h"
#include "model/lambda.h"

namespace mayfly::lambda {

Result<> ExecutionRoles::Check(const Context& ctx, std::string_view role_arn) const {
  const auto arn = identity::ParseArn(role_arn);
  // Nobody of that name could be an administrator by policies: whoever says so does not ask them.
  const bool is_strict = !policies_->IsAdministrator({.account_id = ctx.principal.account_id, .arn = role_arn});
  if (is_strict && arn && arn->account_id != ctx.principal.account_id) {
    return Fail(Error::Service("AccessDeniedException", "Cross-account pass role is not allowed."));
  }
  identity::ConditionKeys keys;
  keys.Add("aws:SourceAccount", ctx.principal.account_id);
  const auto answer = trust_->MayAssume(role_arn, identity::RequestPrincipal::Service("lambda.amazonaws.com"), keys);
  const bool may = answer.exists ? answer.decision.type == identity::DecisionType::Allow : !is_strict;
  if (may) return {};
  return Fail(Error::Service("InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda."));
}

wire::Authorizer ExecutionRoles::After(wire::Authorizer first) const {
  struct Checked {
    const ExecutionRoles* roles;
    wire::Authorizer first;
    Task<Result<>> operator()(Context& ctx, const wire::Operation& operation, const wire::Message& request) const {
      MF_CO_TRY_VOID(co_await first(ctx, operation, request));
      if (operation.name == "CreateFunction") co_return roles->Check(ctx, static_cast<const CreateFunctionRequest*>(request.get())->role);
      if (operation.name != "UpdateFunctionConfiguration") co_return Result<>();
      const auto& role = static_cast<const UpdateFunctionConfigurationRequest*>(request.get())->role;
      co_return role ? roles->Check(ctx, *role) : Result<>();
    }
  };
  return Checked{this, std::move(first)};
}

}  // namespace mayfly::lambda
