// CodeSigningApi: code signing configurations, and which function has which. What they demand of code: signing_rule.h, code_intake.h.
// One per daemon, on its strand.
#pragma once

#include "model/lambda.h"
#include "services/lambda/forward.h"

namespace mayfly::lambda {

class CodeSigningApi final : public CodeSigningHandler {
 public:
  // All outlive this.
  struct Parts {
    const Clock& clock;
    Random& random;
    catalog::Tables& tables;
    const catalog::FunctionCatalog& catalog;
  };
  explicit CodeSigningApi(Parts parts) : parts_(parts) {}

  // --- configurations ---
  Task<Result<CreateCodeSigningConfigResponse>> CreateCodeSigningConfig(Context& ctx, CreateCodeSigningConfigRequest request) override;
  Task<Result<GetCodeSigningConfigResponse>> GetCodeSigningConfig(Context& ctx, GetCodeSigningConfigRequest request) override;
  Task<Result<ListCodeSigningConfigsResponse>> ListCodeSigningConfigs(Context& ctx, ListCodeSigningConfigsRequest request) override;
  Task<Result<UpdateCodeSigningConfigResponse>> UpdateCodeSigningConfig(Context& ctx, UpdateCodeSigningConfigRequest request) override;
  Task<Result<DeleteCodeSigningConfigResponse>> DeleteCodeSigningConfig(Context& ctx, DeleteCodeSigningConfigRequest request) override;
  Task<Result<ListFunctionsByCodeSigningConfigResponse>> ListFunctionsByCodeSigningConfig(
      Context& ctx, ListFunctionsByCodeSigningConfigRequest request) override;

  // --- of a function ---
  Task<Result<PutFunctionCodeSigningConfigResponse>> PutFunctionCodeSigningConfig(Context& ctx,
                                                                                  PutFunctionCodeSigningConfigRequest request) override;
  // Without a configuration the answer is empty, and no error.
  Task<Result<GetFunctionCodeSigningConfigResponse>> GetFunctionCodeSigningConfig(Context& ctx,
                                                                                  GetFunctionCodeSigningConfigRequest request) override;
  Task<Result<>> DeleteFunctionCodeSigningConfig(Context& ctx, DeleteFunctionCodeSigningConfigRequest request) override;

 private:
  // The function as a whole, which must exist.
  Result<catalog::FunctionName> FunctionOf(const Context& ctx, std::string_view name) const;

  Parts parts_;
};

}  // namespace mayfly::lambda
