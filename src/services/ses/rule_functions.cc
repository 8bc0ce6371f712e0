#include "services/ses/rule_functions.h"

#include "catalog/function_catalog.h"
#include "invoke/invoker.h"

namespace mayfly::ses {

RuleFunctions::RuleFunctions(const services::Ports& ports, Random& random)
    : catalog_(&ports.Get<catalog::FunctionCatalog>()), invoker_(&ports.Get<invoke::Invoker>()), random_(&random) {}

std::vector<services::PortId> RuleFunctions::Needs() { return {services::PortOf<catalog::FunctionCatalog>(), services::PortOf<invoke::Invoker>()}; }

bool RuleFunctions::Has(const std::string& function_arn) const {
  const auto function = catalog::ParseFunctionArn(function_arn);
  return function && catalog_->Resolve(*function);
}

Task<Result<std::optional<std::string>>> RuleFunctions::Ask(Context& ctx, const delivery::Delivery& question) const {
  const auto function = catalog::ParseFunctionArn(question.target_arn);
  if (!function) co_return Fail(Error::Service("ResourceNotFoundException", question.target_arn + " is not the ARN of a function"));
  MF_CO_TRY(catalog::FunctionCatalog::Resolved found, catalog_->ResolveForInvoke(*function, *random_));
  Context asking = ctx.WithDeadline(ctx.loop->Now() + kAnswerTime);
  asking.request_id = question.id;
  runtime::Invocation invocation;
  invocation.request_id = question.id;
  invocation.invoked_function_arn = question.target_arn;
  invocation.payload = question.body;
  invocation.trace_id = ctx.trace_header;
  MF_CO_TRY(runtime::InvokeOutcome outcome, co_await invoker_->Invoke(asking, std::move(found.function), std::move(invocation)));
  if (outcome.function_error) co_return std::optional<std::string>();
  co_return std::optional(std::move(outcome.payload));
}

}  // namespace mayfly::ses
