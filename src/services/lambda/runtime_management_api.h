// RuntimeManagementApi: Put/GetRuntimeManagementConfig: when a function moves to a newer runtime version.
//
// Kept exactly as it is set: a function goes on running on the interpreter of this host, whatever runtime version it asks for.
// One per daemon, on its strand.
#pragma once

#include "model/lambda.h"
#include "services/lambda/forward.h"

namespace mayfly::lambda {

class RuntimeManagementApi final : public RuntimeManagementHandler {
 public:
  // All outlive this.
  struct Parts {
    catalog::Tables& tables;
    const catalog::FunctionCatalog& catalog;
  };
  explicit RuntimeManagementApi(Parts parts) : parts_(parts) {}

  Task<Result<PutRuntimeManagementConfigResponse>> PutRuntimeManagementConfig(Context& ctx,
                                                                              PutRuntimeManagementConfigRequest request) override;
  Task<Result<GetRuntimeManagementConfigResponse>> GetRuntimeManagementConfig(Context& ctx,
                                                                              GetRuntimeManagementConfigRequest request) override;

 private:
  // $LATEST or a published version: an alias has no runtime of its own.
  Result<catalog::SettingOwner> OwnerOf(const Context& ctx, std::string_view name, const std::optional<std::string>& qualifier) const;

  Parts parts_;
};

}  // namespace mayfly::lambda
