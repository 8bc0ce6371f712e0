// Invoker: the one way in for whatever runs a function.
//
// Waits while a new function is being made ready, admits (admission.h), lends an environment of the function's present
// version (an idle provisioned one first, then an idle one, then a new one), runs the invocation. One per daemon, one strand;
// a function's live state belongs to the strand of its ARN.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/event.h"
#include "base/task_scope.h"
#include "catalog/concurrency_ledger.h"
#include "catalog/function_catalog.h"
#include "catalog/runtimes.h"
#include "invoke/admission.h"
#include "invoke/environment_spec.h"
#include "invoke/invocation_metrics.h"
#include "invoke/provisioner.h"
#include "invoke/streamed_invocation.h"
#include "invoke/trace_sampling.h"
#include "runtime/environment_manager.h"

namespace mayfly::invoke {

// The extensions in a tree of layers or of an image (its SHA-256 in hex): files of /opt/extensions, sorted.
using ExtensionLister = std::function<Task<Result<std::vector<std::string>>>(const std::string& tree_sha256)>;

struct InvokerOptions {
  AdmissionOptions admission;
  Duration pending_wait = std::chrono::seconds(30);  // how long an invocation waits for a function that is being created
  SpecOptions spec;
  ExtensionLister list_extensions;  // null: no function has any
  TraceSampler* traces = nullptr;   // outlives the Invoker; null: trace headers stay as callers give them
};

// What an Invoker works with. All outlive it.
struct InvokerParts {
  Loop* loop;
  catalog::Tables* tables;
  catalog::FunctionCatalog* catalog;
  catalog::ConcurrencyLedger* ledger;
  const catalog::RuntimeTable* runtimes;
  runtime::EnvironmentManager* environments;
  telemetry::Metrics* metrics;
};

class Invoker {
 public:
  Invoker(InvokerParts parts, InvokerOptions options);

  // Errors (Service): TooManyRequestsException with its Reason; ResourceNotFoundException when the function has gone;
  // ResourceConflictException when it cannot be invoked in its state. A function's own failure is a value.
  // ctx.trace_header becomes what the function gets: with the decision whether it is recorded.
  Task<Result<runtime::InvokeOutcome>> Invoke(Context& ctx, catalog::FunctionPointer function, runtime::Invocation invocation,
                                              InvocationKind kind = InvocationKind::Synchronous);
  // The same for a caller that takes the answer in pieces: returns when it begins, or is over without having begun. Errors as above;
  // Cancelled once streams have been cut.
  Task<Result<std::unique_ptr<StreamedInvocation>>> InvokeStreaming(Context& ctx, catalog::FunctionPointer function, runtime::Invocation invocation);
  // Ends the streamed invocations that still run, and refuses others from now on: the daemon is ending, and has drained.
  void CutStreams() { streams_.reset(); }
  int running() const { return running_; }

  // Environments initialised ahead. Open it once the catalog is, Stop it before the environments end.
  Provisioner& provisioner() { return provisioner_; }
  // The figures began anew.
  void RenewMetrics() { metrics_.Renew(); }

 private:
  // What invocations of one version need again and again.
  struct Version {
    SpecPointer spec;
    Admission::FunctionPointer function;
    InvocationMetrics::Names metrics;
  };
  using VersionPointer = std::shared_ptr<Version>;
  class Shares;

  Task<> RunStreaming(std::shared_ptr<StreamedInvocation::Shared> shared, catalog::FunctionPointer function, runtime::Invocation invocation);
  Task<Result<catalog::FunctionPointer>> AwaitActive(Context& ctx, catalog::FunctionPointer function);
  Task<Result<VersionPointer>> MakeVersion(catalog::FunctionPointer function);
  Task<Result<SpecPointer>> MakeSpec(catalog::FunctionPointer function, InitializationType initialization);
  void OnChange(const catalog::FunctionPointer& old_state, const catalog::FunctionPointer& new_state);
  void Follow();

  InvokerParts parts_;
  InvokerOptions options_;
  Event changed_;
  int running_ = 0;
  std::unique_ptr<ConcurrencyShares> shares_;
  Admission admission_;
  InvocationMetrics metrics_;
  std::unordered_map<std::string, VersionPointer> versions_;  // by environment key
  Provisioner provisioner_;
  std::optional<TaskScope> streams_;  // they go on when their callers have left; bounded as all invocations are
};

}  // namespace mayfly::invoke
