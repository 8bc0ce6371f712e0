// FunctionsApi: CreateFunction, GetFunction, GetFunctionConfiguration, ListFunctions, UpdateFunctionCode,
// UpdateFunctionConfiguration, DeleteFunction.
//
// One per daemon, on its strand. A change answers when it is stored; Settling makes it serve a little later.
#pragma once

#include <functional>
#include <string>

#include "model/lambda.h"
#include "services/lambda/code_intake.h"
#include "services/lambda/forward.h"
#include "services/lambda/function_layers.h"
#include "services/lambda/settings.h"

namespace mayfly::lambda {

class FunctionsApi final : public FunctionsHandler {
 public:
  // All outlive this.
  struct Parts {
    const Clock& clock;
    catalog::Tables& tables;
    catalog::FunctionCatalog& catalog;
    const catalog::RuntimeTable& runtimes;
    const catalog::FileSystemTable& file_systems;
    CodeIntake& code;
    FunctionLayers& layers;
    FunctionImages& images;
    const CodeQuota& quota;
    Revisions& revisions;
    Settling& settling;
    FunctionViews& views;
    FunctionVpcs& vpcs;
    // A URL that gives the package for ten minutes: GetFunction's Code.Location.
    std::function<std::string(const catalog::Function&)> download_url;
  };
  explicit FunctionsApi(Parts parts) : parts_(std::move(parts)) {}

  // --- functions_api.cc ---
  Task<Result<FunctionConfiguration>> CreateFunction(Context& ctx, CreateFunctionRequest request) override;
  Task<Result<FunctionConfiguration>> UpdateFunctionCode(Context& ctx, UpdateFunctionCodeRequest request) override;
  Task<Result<FunctionConfiguration>> UpdateFunctionConfiguration(Context& ctx, UpdateFunctionConfigurationRequest request) override;
  Task<Result<DeleteFunctionResponse>> DeleteFunction(Context& ctx, DeleteFunctionRequest request) override;

  // --- function_queries.cc ---
  Task<Result<GetFunctionResponse>> GetFunction(Context& ctx, GetFunctionRequest request) override;
  Task<Result<FunctionConfiguration>> GetFunctionConfiguration(Context& ctx, GetFunctionConfigurationRequest request) override;
  Task<Result<ListFunctionsResponse>> ListFunctions(Context& ctx, ListFunctionsRequest request) override;

 private:
  enum class Publish : unsigned char { No, Yes };

  SettingRules RulesFor(catalog::RuntimeUse use) const;

  // Give `function` the code that a request names. What they return keeps it from being removed until the function is stored.
  // Errors: AWS's.
  Task<Result<FunctionLayers::Pins>> TakeFirstCode(Context& ctx, catalog::Function& function, FunctionCode code,
                                                   const std::optional<SigningRule>& rule);
  Task<Result<FunctionLayers::Pins>> TakeNextCode(Context& ctx, catalog::Function& function, UpdateFunctionCodeRequest request);
  // A package, and the tree of the layers that go with it.
  Task<Result<FunctionLayers::Pins>> TakePackage(Context& ctx, catalog::Function& function, FunctionCode code,
                                                 const std::optional<SigningRule>& rule);

  // Store what has been made ready, and hand it to Settling. The answer describes `function`, the updated $LATEST, and the
  // version: the one that was there already when nothing has changed since.
  Task<Result<FunctionConfiguration>> StoreNew(Context& ctx, catalog::Function function, Publish publish, CodeSigningConfigPointer signing);
  Task<Result<FunctionConfiguration>> StoreUpdate(Context& ctx, catalog::FunctionPointer latest, catalog::Function next);
  Task<Result<FunctionConfiguration>> StoreAndPublish(Context& ctx, catalog::FunctionPointer latest, catalog::Function next);

  FunctionCodeLocation LocationOf(const catalog::Function& function) const;
  Result<ListFunctionsResponse> ListLatest(const std::string& prefix, const std::optional<std::string>& marker, size_t limit);
  Result<ListFunctionsResponse> ListVersions(const std::string& prefix, const std::optional<std::string>& marker, size_t limit);

  Parts parts_;
};

}  // namespace mayfly::lambda
