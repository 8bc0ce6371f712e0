// ReservedConcurrencyApi: Put/Get/DeleteFunctionConcurrency: what of the account's concurrency is set aside for a function.
// One per daemon, on its strand.
#pragma once

#include "model/lambda.h"
#include "services/lambda/concurrency_limits.h"
#include "services/lambda/forward.h"

namespace mayfly::lambda {

class ReservedConcurrencyApi final : public ReservedConcurrencyHandler {
 public:
  // All outlive this.
  struct Parts {
    catalog::Tables& tables;
    const catalog::FunctionCatalog& catalog;
    catalog::ConcurrencyLedger& ledger;
    ConcurrencyLimits limits;
  };
  explicit ReservedConcurrencyApi(Parts parts) : parts_(parts) {}

  Task<Result<Concurrency>> PutFunctionConcurrency(Context& ctx, PutFunctionConcurrencyRequest request) override;
  Task<Result<GetFunctionConcurrencyResponse>> GetFunctionConcurrency(Context& ctx, GetFunctionConcurrencyRequest request) override;
  Task<Result<>> DeleteFunctionConcurrency(Context& ctx, DeleteFunctionConcurrencyRequest request) override;

 private:
  Parts parts_;
};

}  // namespace mayfly::lambda
