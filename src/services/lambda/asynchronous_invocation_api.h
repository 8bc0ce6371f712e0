// AsynchronousInvocationApi: Put/Update/Get/List/DeleteFunctionEventInvokeConfig: retries, event age and destinations of
// asynchronous invocation. One per daemon, on its strand; invoke::EventQueue obeys what is stored here.
#pragma once

#include "model/lambda.h"
#include "services/lambda/forward.h"

namespace mayfly::lambda {

class AsynchronousInvocationApi final : public AsynchronousInvocationHandler {
 public:
  // All outlive this.
  struct Parts {
    const Clock& clock;
    catalog::Tables& tables;
    const catalog::FunctionCatalog& catalog;
  };
  explicit AsynchronousInvocationApi(Parts parts) : parts_(parts) {}

  Task<Result<FunctionEventInvokeConfig>> PutFunctionEventInvokeConfig(Context& ctx, PutFunctionEventInvokeConfigRequest request) override;
  Task<Result<FunctionEventInvokeConfig>> UpdateFunctionEventInvokeConfig(Context& ctx,
                                                                          UpdateFunctionEventInvokeConfigRequest request) override;
  Task<Result<FunctionEventInvokeConfig>> GetFunctionEventInvokeConfig(Context& ctx, GetFunctionEventInvokeConfigRequest request) override;
  Task<Result<ListFunctionEventInvokeConfigsResponse>> ListFunctionEventInvokeConfigs(
      Context& ctx, ListFunctionEventInvokeConfigsRequest request) override;
  Task<Result<>> DeleteFunctionEventInvokeConfig(Context& ctx, DeleteFunctionEventInvokeConfigRequest request) override;

 private:
  // Errors: a destination of another kind, or a function that does not exist, or the function itself.
  Result<> CheckDestinations(const Context& ctx, const catalog::EventInvokeConfig& config) const;
  Result<> CheckFunctionDestination(const Context& ctx, const catalog::FunctionName& function, const std::string& arn) const;
  Task<Result<FunctionEventInvokeConfig>> Store(Context& ctx, catalog::EventInvokeConfig config);

  Parts parts_;
};

}  // namespace mayfly::lambda
