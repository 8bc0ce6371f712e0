#include "services/lambda/reserved_concurrency_api.h"

#include <fmt/format.h>

#include "catalog/concurrency_ledger.h"
#include "catalog/function_catalog.h"
#include "services/lambda/find_function.h"
#include "services/lambda/settings.h"
#include "wire/error_response.h"

namespace mayfly::lambda {

Task<Result<Concurrency>> ReservedConcurrencyApi::PutFunctionConcurrency(Context& ctx, PutFunctionConcurrencyRequest request) {
  MF_CO_TRY(catalog::FunctionReference reference, UnqualifiedReference(ctx, request.function_name));
  if (!parts_.catalog.Find(reference.name)) co_return Fail(catalog::FunctionNotFound({reference.name, "$LATEST"}));
  const int executions = request.reserved_concurrent_executions;
  const catalog::SettingOwner owner{reference.name};
  const auto old = parts_.tables.reserved_concurrency.Find(owner.Key());
  const int64_t provisioned = parts_.ledger.ProvisionedOf(reference.name);
  // What the function has already, of either kind, is replaced.
  const int64_t own = old ? old->executions : provisioned;
  if (parts_.limits.account - parts_.ledger.Of(reference.name).taken() + own - executions < parts_.limits.UnreservedFloor()) {
    co_return Fail(wire::WithoutType(InvalidParameterValue(
        fmt::format("Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
                    "below its minimum value of [{}].",
                    parts_.limits.UnreservedFloor()))));
  }
  if (provisioned > executions) {
    co_return Fail(wire::WithoutType(InvalidParameterValue(
        fmt::format(" ReservedConcurrentExecutions  {} should not be lower than function's total provisioned concurrency [{}].", executions,
                    provisioned))));
  }
  const catalog::ConcurrencyLedger::Claim claim(parts_.ledger, reference.name, executions - own);
  resources::Change change(parts_.tables.all);
  catalog::ReservedConcurrency next{owner, executions};
  MF_CO_TRY_VOID(old ? change.Replace(parts_.tables.reserved_concurrency, owner.Key(), old, next)
                     : change.Create(parts_.tables.reserved_concurrency, owner.Key(), next));
  MF_CO_TRY_VOID(co_await change.Commit(ctx));
  co_return Concurrency{.reserved_concurrent_executions = executions};
}

Task<Result<GetFunctionConcurrencyResponse>> ReservedConcurrencyApi::GetFunctionConcurrency(Context& ctx,
                                                                                            GetFunctionConcurrencyRequest request) {
  MF_CO_TRY(catalog::FunctionReference reference, UnqualifiedReference(ctx, request.function_name));
  if (!parts_.catalog.Find(reference.name)) co_return Fail(catalog::FunctionNotFound(reference));
  GetFunctionConcurrencyResponse response;
  if (const auto reserved = parts_.tables.reserved_concurrency.Find(catalog::SettingOwner{reference.name}.Key())) {
    response.reserved_concurrent_executions = reserved->executions;
  }
  co_return response;
}

// Not an error: nothing was set aside.
Task<Result<>> ReservedConcurrencyApi::DeleteFunctionConcurrency(Context& ctx, DeleteFunctionConcurrencyRequest request) {
  MF_CO_TRY(catalog::FunctionReference reference, UnqualifiedReference(ctx, request.function_name));
  if (!parts_.catalog.Find(reference.name)) co_return Fail(catalog::FunctionNotFound(reference));
  const std::string key = catalog::SettingOwner{reference.name}.Key();
  const auto old = parts_.tables.reserved_concurrency.Find(key);
  if (!old) co_return Result<>();
  resources::Change change(parts_.tables.all);
  MF_CO_TRY_VOID(change.Delete(parts_.tables.reserved_concurrency, key, old));
  co_return co_await change.Commit(ctx);
}

}  // namespace mayfly::lambda
