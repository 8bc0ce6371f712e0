// FunctionUrlsApi: CreateFunctionUrlConfig, GetFunctionUrlConfig, ListFunctionUrlConfigs, UpdateFunctionUrlConfig,
// DeleteFunctionUrlConfig. One per daemon, on its strand.
#pragma once

#include <functional>
#include <string>

#include "model/lambda.h"
#include "services/lambda/forward.h"

namespace mayfly::lambda {

class FunctionUrlsApi final : public FunctionUrlsHandler {
 public:
  // All outlive this.
  struct Parts {
    const Clock& clock;
    Random& random;
    catalog::Tables& tables;
    const catalog::FunctionCatalog& catalog;
    // Where a function URL answers: "http://ID.lambda-url.REGION.localhost:4566/".
    std::function<std::string(const catalog::FunctionUrl&)> address;
  };
  explicit FunctionUrlsApi(Parts parts) : parts_(std::move(parts)) {}

  Task<Result<CreateFunctionUrlConfigResponse>> CreateFunctionUrlConfig(Context& ctx, CreateFunctionUrlConfigRequest request) override;
  Task<Result<GetFunctionUrlConfigResponse>> GetFunctionUrlConfig(Context& ctx, GetFunctionUrlConfigRequest request) override;
  Task<Result<ListFunctionUrlConfigsResponse>> ListFunctionUrlConfigs(Context& ctx, ListFunctionUrlConfigsRequest request) override;
  Task<Result<UpdateFunctionUrlConfigResponse>> UpdateFunctionUrlConfig(Context& ctx, UpdateFunctionUrlConfigRequest request) override;
  Task<Result<>> DeleteFunctionUrlConfig(Context& ctx, DeleteFunctionUrlConfigRequest request) override;

 private:
  Parts parts_;
};

}  // namespace mayfly::lambda
