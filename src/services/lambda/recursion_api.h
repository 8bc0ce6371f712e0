// RecursionApi: Put/GetFunctionRecursionConfig: whether loops in which a function triggers itself are ended (invoke::LoopGuard).
// One per daemon, on its strand.
#pragma once

#include "model/lambda.h"
#include "services/lambda/forward.h"

namespace mayfly::lambda {

class RecursionApi final : public RecursionHandler {
 public:
  // All outlive this.
  struct Parts {
    catalog::Tables& tables;
    const catalog::FunctionCatalog& catalog;
  };
  explicit RecursionApi(Parts parts) : parts_(parts) {}

  Task<Result<PutFunctionRecursionConfigResponse>> PutFunctionRecursionConfig(Context& ctx,
                                                                              PutFunctionRecursionConfigRequest request) override;
  Task<Result<GetFunctionRecursionConfigResponse>> GetFunctionRecursionConfig(Context& ctx,
                                                                              GetFunctionRecursionConfigRequest request) override;

 private:
  Parts parts_;
};

}  // namespace mayfly::lambda
