// FunctionPermissionsApi: who else may use a function: AddPermission, GetPolicy, RemovePermission and, for whole policies,
// GetResourcePolicy, PutResourcePolicy, DeleteResourcePolicy. One per daemon, on its strand.
#pragma once

#include "model/lambda.h"
#include "services/lambda/forward.h"

namespace mayfly::lambda {

class FunctionPermissionsApi final : public FunctionPermissionsHandler {
 public:
  // All outlive this.
  struct Parts {
    catalog::Tables& tables;
    const catalog::FunctionCatalog& catalog;
    Random& random;
  };
  explicit FunctionPermissionsApi(Parts parts) : parts_(parts) {}

  Task<Result<AddPermissionResponse>> AddPermission(Context& ctx, AddPermissionRequest request) override;
  Task<Result<GetPolicyResponse>> GetPolicy(Context& ctx, GetPolicyRequest request) override;
  Task<Result<>> RemovePermission(Context& ctx, RemovePermissionRequest request) override;
  Task<Result<GetResourcePolicyResponse>> GetResourcePolicy(Context& ctx, GetResourcePolicyRequest request) override;
  Task<Result<PutResourcePolicyResponse>> PutResourcePolicy(Context& ctx, PutResourcePolicyRequest request) override;
  Task<Result<>> DeleteResourcePolicy(Context& ctx, DeleteResourcePolicyRequest request) override;

 private:
  Parts parts_;
};

}  // namespace mayfly::lambda
