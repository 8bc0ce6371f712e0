// AccountApi: GetAccountSettings: limits of the account in a region, and how much of them is used. One per daemon, on its strand.
#pragma once

#include "model/lambda.h"
#include "services/lambda/concurrency_limits.h"
#include "services/lambda/forward.h"

namespace mayfly::lambda {

class AccountApi final : public AccountHandler {
 public:
  // All outlive this.
  struct Parts {
    catalog::FunctionCatalog& catalog;
    const catalog::LayerCatalog& layers;
    catalog::ConcurrencyLedger& ledger;
    const CodeQuota& quota;
    ConcurrencyLimits limits;
  };
  explicit AccountApi(Parts parts) : parts_(parts) {}

  Task<Result<GetAccountSettingsResponse>> GetAccountSettings(Context& ctx, GetAccountSettingsRequest request) override;

 private:
  Parts parts_;
};

}  // namespace mayfly::lambda
