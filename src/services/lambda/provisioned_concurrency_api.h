// ProvisionedConcurrencyApi: Put/Get/List/DeleteProvisionedConcurrencyConfig: environments of a version or alias that are kept
// initialised. One per daemon, on its strand.
//
// What is stored here is what is asked for; invoke::Provisioner follows it, and knows what has become of it.
#pragma once

#include "model/lambda.h"
#include "services/lambda/concurrency_limits.h"
#include "services/lambda/forward.h"

namespace mayfly::lambda {

class ProvisionedConcurrencyApi final : public ProvisionedConcurrencyHandler {
 public:
  // All outlive this.
  struct Parts {
    const Clock& clock;
    catalog::Tables& tables;
    const catalog::FunctionCatalog& catalog;
    catalog::ConcurrencyLedger& ledger;
    const invoke::Provisioner& provisioner;
    ConcurrencyLimits limits;
  };
  explicit ProvisionedConcurrencyApi(Parts parts) : parts_(parts) {}

  Task<Result<PutProvisionedConcurrencyConfigResponse>> PutProvisionedConcurrencyConfig(
      Context& ctx, PutProvisionedConcurrencyConfigRequest request) override;
  Task<Result<GetProvisionedConcurrencyConfigResponse>> GetProvisionedConcurrencyConfig(
      Context& ctx, GetProvisionedConcurrencyConfigRequest request) override;
  Task<Result<ListProvisionedConcurrencyConfigsResponse>> ListProvisionedConcurrencyConfigs(
      Context& ctx, ListProvisionedConcurrencyConfigsRequest request) override;
  Task<Result<>> DeleteProvisionedConcurrencyConfig(Context& ctx, DeleteProvisionedConcurrencyConfigRequest request) override;

 private:
  // A version or alias. Errors: $LATEST; it does not exist.
  Result<FoundFunction> FindProvisionable(const Context& ctx, std::string_view name, const std::string& qualifier) const;
  // Errors: the concurrency is not there to be had. `present`: what the owner has already.
  Result<> CheckProvisionable(const catalog::SettingOwner& owner, int requested, int present) const;
  // Errors: a version would be provisioned twice, by itself and through an alias.
  Result<> CheckProvisionedOnce(const FoundFunction& found) const;
  // The three views of a configuration have the same members.
  template <typename View>
  View Describe(const catalog::ProvisionedConcurrency& config) const;

  Parts parts_;
};

// UpdateAlias: its provisioned concurrency goes with an alias to other versions. Errors: to those it cannot go.
Result<> CheckProvisionedMove(const catalog::Tables& tables, const catalog::Alias& next);

}  // namespace mayfly::lambda
