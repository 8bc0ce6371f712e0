// Invoker: the one way in for whatever runs a function.
//
// Admits (account concurrency), waits while a new function is being made ready, lends an environment of the function's
// present version, runs the invocation. One per daemon, one strand; a function's live state belongs to the strand of its ARN.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/event.h"
#include "base/task_scope.h"
#include "catalog/function_catalog.h"
#include "catalog/runtimes.h"
#include "invoke/environment_spec.h"
#include "invoke/streamed_invocation.h"
#include "invoke/trace_header.h"
#include "runtime/environment_manager.h"

namespace mayfly::invoke {

// The extensions in a tree of layers or of an image (its SHA-256 in hex): files of /opt/extensions, sorted.
using ExtensionLister = std::function<Task<Result<std::vector<std::string>>>(const std::string& tree_sha256)>;

struct InvokerOptions {
  int account_concurrency = 1000;  // per account and region (AWS's default quota)
  Duration pending_wait = std::chrono::seconds(30);  // how long an invocation waits for a function that is being created
  SpecOptions spec;
  ExtensionLister list_extensions;  // null: no function has any
  TraceSampler* traces = nullptr;   // outlives the Invoker; null: trace headers stay as callers give them
};

class Invoker {
 public:
  Invoker(Loop& loop, catalog::FunctionCatalog& catalog, const catalog::RuntimeTable& runtimes, runtime::EnvironmentManager& environments,
          InvokerOptions options);

  // Errors (Service): TooManyRequestsException with its Reason; ResourceNotFoundException when the function has gone;
  // ResourceConflictException when it cannot be invoked in its state. A function's own failure is a value.
  // ctx.trace_header becomes what the function gets: with the decision whether it is recorded.
  Task<Result<runtime::InvokeOutcome>> Invoke(Context& ctx, catalog::FunctionPointer function, runtime::Invocation invocation);
  // The same for a caller that takes the answer in pieces: returns when it begins, or is over without having begun. Errors as above;
  // Cancelled once streams have been cut.
  Task<Result<std::unique_ptr<StreamedInvocation>>> InvokeStreaming(Context& ctx, catalog::FunctionPointer function, runtime::Invocation invocation);
  // Ends the streamed invocations that still run, and refuses others from now on: the daemon is ending, and has drained.
  void CutStreams() { streams_.reset(); }
  int running() const { return running_; }

 private:
  Task<> RunStreaming(std::shared_ptr<StreamedInvocation::Shared> shared, catalog::FunctionPointer function, runtime::Invocation invocation);
  Task<Result<catalog::FunctionPointer>> AwaitActive(Context& ctx, catalog::FunctionPointer function);
  std::shared_ptr<const runtime::EnvironmentSpec> FindSpec(const catalog::Function& function) const;
  Task<Result<std::shared_ptr<const runtime::EnvironmentSpec>>> MakeSpec(catalog::FunctionPointer function);
  void OnChange(const catalog::FunctionPointer& old_state, const catalog::FunctionPointer& new_state);

  Loop* loop_;
  catalog::FunctionCatalog* catalog_;
  const catalog::RuntimeTable* runtimes_;
  runtime::EnvironmentManager* environments_;
  InvokerOptions options_;
  Event changed_;
  int running_ = 0;
  std::unordered_map<std::string, int> running_by_account_;  // "account/region"
  std::unordered_map<std::string, std::shared_ptr<const runtime::EnvironmentSpec>> specs_;  // by environment key
  std::optional<TaskScope> streams_;  // they go on when their callers have left; bounded as all invocations are
};

}  // namespace mayfly::invoke
