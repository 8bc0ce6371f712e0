#include "invoke/invoker.h"

#include <fmt/format.h>

#include "base/json.h"

namespace mayfly::invoke {
namespace {

Error Throttled(std::string_view reason) {
  Error error = Error::Service("TooManyRequestsException", "Rate Exceeded.");
  error.members.emplace_back("Reason", json::Quote(reason));
  error.retryable = true;
  return error;
}

// Counts one running invocation while it lives.
class Running {
 public:
  Running(int& total, int& account) : total_(&total), account_(&account) { ++*total_, ++*account_; }
  ~Running() { --*total_, --*account_; }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  int* total_;
  int* account_;
};

}  // namespace

Invoker::Invoker(Loop& loop, catalog::FunctionCatalog& catalog, const catalog::RuntimeTable& runtimes,
                 runtime::EnvironmentManager& environments, InvokerOptions options)
    : loop_(&loop), catalog_(&catalog), runtimes_(&runtimes), environments_(&environments), options_(options), changed_(loop), streams_(std::in_place, loop) {
  catalog.OnChange([this](const auto& old_state, const auto& new_state) { OnChange(old_state, new_state); });
}

void Invoker::OnChange(const catalog::FunctionPointer& old_state, const catalog::FunctionPointer& new_state) {
  changed_.Pulse();
  if (options_.traces && old_state && !new_state && old_state->is_latest()) options_.traces->Forget(old_state->name.Arn());
  if (!old_state || (new_state && new_state->environment_key == old_state->environment_key)) return;
  specs_.erase(old_state->environment_key);
  environments_->Retire(old_state->environment_key);
}

Task<Result<catalog::FunctionPointer>> Invoker::AwaitActive(Context& ctx, catalog::FunctionPointer function) {
  const catalog::FunctionName name = function->name;
  const std::string version = function->version;
  Context waiting = ctx.WithDeadline(loop_->Now() + options_.pending_wait);
  while (function && function->state == "Pending") {
    if (auto waited = co_await changed_.Wait(waiting); !waited) {
      if (ctx.stop.stop_requested()) co_return Fail(std::move(waited).error());
      break;
    }
    function = catalog_->FindVersion(name, version);
  }
  if (!function) co_return Fail(Error::Service("ResourceNotFoundException", "Function not found: " + name.Arn()));
  if (function->state == "Active") co_return function;
  co_return Fail(Error::Service("ResourceConflictException",
                                fmt::format("The operation cannot be performed at this time. The function is currently in the following state: {}",
                                            function->state)));
}

std::shared_ptr<const runtime::EnvironmentSpec> Invoker::FindSpec(const catalog::Function& function) const {
  const auto found = specs_.find(function.environment_key);
  return found == specs_.end() ? nullptr : found->second;
}

Task<Result<std::shared_ptr<const runtime::EnvironmentSpec>>> Invoker::MakeSpec(catalog::FunctionPointer function) {
  SpecOptions spec_options = options_.spec;
  const std::string& tree = function->image ? function->image->tree : function->layers_sha256;
  if (!tree.empty() && options_.list_extensions) {
    MF_CO_TRY(spec_options.extensions, co_await options_.list_extensions(tree));
  }
  MF_CO_TRY(std::shared_ptr<const runtime::EnvironmentSpec> made, MakeEnvironmentSpec(*function, *runtimes_, std::move(spec_options)));
  // It may have changed or gone meanwhile: then nobody would take the entry away again.
  const catalog::FunctionPointer now = catalog_->FindVersion(function->name, function->version);
  if (now && now->environment_key == function->environment_key) specs_[function->environment_key] = made;
  co_return made;
}

Task<Result<runtime::InvokeOutcome>> Invoker::Invoke(Context& ctx, catalog::FunctionPointer function, runtime::Invocation invocation) {
  if (function->state != "Active") {
    MF_CO_TRY(function, co_await AwaitActive(ctx, std::move(function)));
  }
  if (options_.traces) {
    ctx.trace_header = invocation.trace_id = options_.traces->Decide(invocation.trace_id, function->tracing_mode, function->name.Arn());
  }
  int& account = running_by_account_[function->name.account_id + '/' + function->name.region];
  if (account >= options_.account_concurrency) co_return Fail(Throttled("ConcurrentInvocationLimitExceeded"));
  const Running counted(running_, account);
  std::shared_ptr<const runtime::EnvironmentSpec> spec = FindSpec(*function);
  if (!spec) {
    MF_CO_TRY(spec, co_await MakeSpec(function));
  }
  auto outcome = co_await environments_->Invoke(ctx, function->environment_key, std::move(spec), std::move(invocation));
  if (!outcome && outcome.error().code == "NoCage") co_return Fail(Throttled("ConcurrentInvocationLimitExceeded"));
  co_return outcome;
}

Task<Result<std::unique_ptr<StreamedInvocation>>> Invoker::InvokeStreaming(Context& ctx, catalog::FunctionPointer function,
                                                                           runtime::Invocation invocation) {
  if (!streams_) co_return Fail(Error::Cancelled());
  auto shared = std::make_shared<StreamedInvocation::Shared>(ctx);
  auto streamed = std::make_unique<StreamedInvocation>(shared);
  invocation.stream = shared->pipe;
  streams_->Spawn(RunStreaming(shared, std::move(function), std::move(invocation)));
  co_await shared->pipe->AwaitBegin();
  ctx.trace_header = shared->ctx.trace_header;
  if (!streamed->begun() && !*shared->outcome) co_return Fail(std::move(*shared->outcome).error());
  co_return streamed;
}

Task<> Invoker::RunStreaming(std::shared_ptr<StreamedInvocation::Shared> shared, catalog::FunctionPointer function,
                             runtime::Invocation invocation) {
  shared->outcome.emplace(co_await Invoke(shared->ctx, std::move(function), std::move(invocation)));
  shared->pipe->Close();
}

}  // namespace mayfly::invoke
