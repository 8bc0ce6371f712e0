// AWS Lambda's API: the operations of model/lambda.model that work. One method per operation, named as it is.
//
// One per daemon, on its strand. Requests have been authenticated, decoded and validated by the model; what is checked here is
// what the model cannot say. Errors are service errors with AWS's texts (reference §1.8).
#pragma once

#include <string>

#include "base/blocking_pool.h"
#include "base/random.h"
#include "base/task_scope.h"
#include "catalog/code_package.h"
#include "catalog/function_catalog.h"
#include "catalog/function_reference.h"
#include "catalog/runtimes.h"
#include "invoke/invoker.h"
#include "model/lambda.h"

namespace mayfly::lambda {

// What the operations work with. All outlive the LambdaApi.
struct LambdaParts {
  Loop* loop;
  catalog::FunctionCatalog* catalog;
  const catalog::RuntimeTable* runtimes;
  catalog::CodeStore* code;
  invoke::Invoker* invoker;
  BlockingPool* files;
  Random* random;
  int account_concurrency = 1000;
  Duration update_delay{};  // how long a new or updated function stays Pending or InProgress
  // A URL that gives the package for ten minutes: GetFunction's Code.Location.
  std::function<std::string(const catalog::Function&)> download_url;
};

class LambdaApi final : public Handler {
 public:
  explicit LambdaApi(LambdaParts parts) : parts_(std::move(parts)), background_(*parts_.loop) {}

  // Finishes what a crash interrupted: functions that are Pending or InProgress.
  void Recover();
  // Ends background work (state changes that are on their way).
  Task<> Stop();

  Task<Result<FunctionConfiguration>> CreateFunction(Context& ctx, CreateFunctionRequest request) override;
  Task<Result<GetFunctionResponse>> GetFunction(Context& ctx, GetFunctionRequest request) override;
  Task<Result<FunctionConfiguration>> GetFunctionConfiguration(Context& ctx, GetFunctionConfigurationRequest request) override;
  Task<Result<ListFunctionsResponse>> ListFunctions(Context& ctx, ListFunctionsRequest request) override;
  Task<Result<FunctionConfiguration>> UpdateFunctionCode(Context& ctx, UpdateFunctionCodeRequest request) override;
  Task<Result<FunctionConfiguration>> UpdateFunctionConfiguration(Context& ctx, UpdateFunctionConfigurationRequest request) override;
  Task<Result<DeleteFunctionResponse>> DeleteFunction(Context& ctx, DeleteFunctionRequest request) override;
  Task<Result<InvocationResponse>> Invoke(Context& ctx, InvokeRequest request) override;
  Task<Result<GetAccountSettingsResponse>> GetAccountSettings(Context& ctx, GetAccountSettingsRequest request) override;

 private:
  struct Found {
    catalog::FunctionReference reference;
    catalog::FunctionPointer function;
  };
  // The function that a request names. Error: ResourceNotFoundException, with the name as the request gave it.
  Result<Found> Find(const Context& ctx, std::string_view name, const std::optional<std::string>& qualifier) const;
  // As Find, for an operation that changes the function: it must not be busy with another change.
  Result<Found> FindForUpdate(const Context& ctx, std::string_view name, const std::optional<std::string>& revision_id) const;
  // Checks, stores and unpacks a package; sets the code members of `function`. The result keeps the package from being
  // removed until the function that refers to it is stored.
  Task<Result<std::shared_ptr<const void>>> TakePackage(catalog::Function& function, std::string zip);
  void Touch(catalog::Function& function);
  void MarkUpdating(catalog::Function& function);
  void SettleLater(catalog::FunctionName name);
  Task<> Settle(catalog::FunctionName name);
  FunctionConfiguration Describe(const catalog::Function& function, bool qualified) const;

  LambdaParts parts_;
  TaskScope background_;
};

}  // namespace mayfly::lambda
