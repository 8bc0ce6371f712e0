// VersionsApi: PublishVersion, ListVersionsByFunction. One per daemon, on its strand.
#pragma once

#include "model/lambda.h"
#include "services/lambda/forward.h"

namespace mayfly::lambda {

class VersionsApi final : public VersionsHandler {
 public:
  // All outlive this.
  struct Parts {
    const catalog::Tables& tables;
    catalog::FunctionCatalog& catalog;
    const CodeQuota& quota;
    Revisions& revisions;
    FunctionViews& views;
    FunctionVpcs& vpcs;
  };
  explicit VersionsApi(Parts parts) : parts_(parts) {}

  Task<Result<FunctionConfiguration>> PublishVersion(Context& ctx, PublishVersionRequest request) override;
  Task<Result<ListVersionsByFunctionResponse>> ListVersionsByFunction(Context& ctx, ListVersionsByFunctionRequest request) override;

 private:
  Parts parts_;
};

}  // namespace mayfly::lambda
