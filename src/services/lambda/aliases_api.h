// AliasesApi: CreateAlias, GetAlias, ListAliases, UpdateAlias, DeleteAlias. One per daemon, on its strand.
#pragma once

#include "model/lambda.h"
#include "services/lambda/forward.h"

namespace mayfly::lambda {

class AliasesApi final : public AliasesHandler {
 public:
  // All outlive this.
  struct Parts {
    catalog::Tables& tables;
    const catalog::FunctionCatalog& catalog;
    Random& random;
  };
  explicit AliasesApi(Parts parts) : parts_(parts) {}

  Task<Result<AliasConfiguration>> CreateAlias(Context& ctx, CreateAliasRequest request) override;
  Task<Result<AliasConfiguration>> GetAlias(Context& ctx, GetAliasRequest request) override;
  Task<Result<ListAliasesResponse>> ListAliases(Context& ctx, ListAliasesRequest request) override;
  Task<Result<AliasConfiguration>> UpdateAlias(Context& ctx, UpdateAliasRequest request) override;
  Task<Result<>> DeleteAlias(Context& ctx, DeleteAliasRequest request) override;

 private:
  // Puts what a request says into `alias`, and checks that the result makes sense.
  Result<> Point(catalog::Alias& alias, const std::optional<std::string>& version,
                 const std::optional<AliasRoutingConfiguration>& routing) const;

  Parts parts_;
};

}  // namespace mayfly::lambda
