#include "invoke/invoker.h"

#include <fmt/format.h>

#include "base/count_guard.h"

namespace mayfly::invoke {
namespace {

// The machine's own bounds: no reason of AWS's, so that nobody looks for a quota.
Error MachineFull(const Error& full) {
  Error error = Throttled(full.code == "NoMemory" ? "MachineMemoryLimitExceeded" : "MachineEnvironmentLimitExceeded");
  error.message += fmt::format(" Not by a quota: {}.", full.message);
  return error;
}

}  // namespace

// The settings in the catalog's tables, summed by its ledger: what GetAccountSettings shows is what acts.
class Invoker::Shares final : public ConcurrencyShares {
 public:
  explicit Shares(catalog::ConcurrencyLedger& ledger) : ledger_(&ledger) {}
  Account OfAccount(const catalog::FunctionName& function) override {
    const catalog::ConcurrencyLedger::Sums sums = ledger_->Of(function);
    return {.reserved = sums.reserved, .provisioned = sums.provisioned};
  }
  Function OfFunction(const catalog::FunctionName& function) override {
    return {.reserved = ledger_->ReservedOf(function), .provisioned = ledger_->ProvisionedOf(function)};
  }

 private:
  catalog::ConcurrencyLedger* ledger_;
};

Invoker::Invoker(InvokerParts parts, InvokerOptions options)
    : parts_(parts),
      options_(std::move(options)),
      changed_(*parts_.loop),
      shares_(std::make_unique<Shares>(*parts_.ledger)),
      admission_(*parts_.loop, *shares_, options_.admission),
      metrics_(*parts_.metrics, *parts_.catalog),
      provisioner_(*parts_.loop, *parts_.tables, *parts_.catalog, *parts_.environments,
                   {.make_spec = [this](catalog::FunctionPointer version) {
                     return MakeSpec(std::move(version), InitializationType::ProvisionedConcurrency);
                   }}),
      streams_(std::in_place, *parts_.loop) {
  parts_.catalog->OnChange([this](const auto& old_state, const auto& new_state) { OnChange(old_state, new_state); });
  Follow();
}

// The ledger listens too, and was made before.
void Invoker::Follow() {
  const auto refresh = [this](const std::string&, const auto& old_value, const auto& new_value) {
    admission_.Refresh((new_value ? new_value : old_value)->owner.function);
  };
  parts_.tables->reserved_concurrency.OnChange(refresh);
  parts_.tables->provisioned_concurrency.OnChange(refresh);
  parts_.tables->aliases.OnChange([this](const std::string&, const auto&, const auto&) { metrics_.Renew(); });
}

void Invoker::OnChange(const catalog::FunctionPointer& old_state, const catalog::FunctionPointer& new_state) {
  changed_.Pulse();
  if (options_.traces && old_state && !new_state && old_state->is_latest()) options_.traces->Forget(old_state->name.Arn());
  if (!old_state || (new_state && new_state->environment_key == old_state->environment_key)) return;
  versions_.erase(old_state->environment_key);
  parts_.environments->Retire(old_state->environment_key);
  if (!new_state && old_state->is_latest()) admission_.Forget(old_state->name);
}

Task<Result<catalog::FunctionPointer>> Invoker::AwaitActive(Context& ctx, catalog::FunctionPointer function) {
  const catalog::FunctionName name = function->name;
  const std::string version = function->version;
  Context waiting = ctx.WithDeadline(ctx.loop->Now() + options_.pending_wait);
  while (function && function->state == "Pending") {
    if (auto waited = co_await changed_.Wait(waiting); !waited) {
      if (ctx.stop.stop_requested()) co_return Fail(std::move(waited).error());
      break;
    }
    function = parts_.catalog->FindVersion(name, version);
  }
  if (!function) co_return Fail(Error::Service("ResourceNotFoundException", "Function not found: " + name.Arn()));
  if (function->state == "Active") co_return function;
  co_return Fail(Error::Service("ResourceConflictException",
                                fmt::format("The operation cannot be performed at this time. The function is currently in the following state: {}",
                                            function->state)));
}

Task<Result<SpecPointer>> Invoker::MakeSpec(catalog::FunctionPointer function, InitializationType initialization) {
  SpecOptions spec_options = options_.spec;
  spec_options.initialization = initialization;
  const std::string& tree = function->image ? function->image->tree : function->layers_sha256;
  if (!tree.empty() && options_.list_extensions) {
    MF_CO_TRY(spec_options.extensions, co_await options_.list_extensions(tree));
  }
  co_return MakeEnvironmentSpec(*function, *parts_.runtimes, std::move(spec_options));
}

Task<Result<Invoker::VersionPointer>> Invoker::MakeVersion(catalog::FunctionPointer function) {
  MF_CO_TRY(SpecPointer spec, co_await MakeSpec(function, InitializationType::OnDemand));
  auto version = std::make_shared<Version>(Version{.spec = std::move(spec), .function = admission_.Find(function->name)});
  // It may have changed or gone meanwhile: then nobody would take the entry away again.
  const catalog::FunctionPointer now = parts_.catalog->FindVersion(function->name, function->version);
  if (now && now->environment_key == function->environment_key) versions_[function->environment_key] = version;
  co_return version;
}

Task<Result<runtime::InvokeOutcome>> Invoker::Invoke(Context& ctx, catalog::FunctionPointer function, runtime::Invocation invocation,
                                                     InvocationKind kind) {
  if (function->state != "Active") {
    MF_CO_TRY(function, co_await AwaitActive(ctx, std::move(function)));
  }
  if (options_.traces) {
    ctx.trace_header = invocation.trace_id = options_.traces->Decide(invocation.trace_id, function->tracing_mode, function->name.Arn());
  }
  VersionPointer version;
  if (const auto found = versions_.find(function->environment_key); found != versions_.end()) {
    version = found->second;
  } else {
    MF_CO_TRY(version, co_await MakeVersion(function));
  }
  const InvocationMetrics::Series series = metrics_.Find(version->metrics, *function, invocation.invoked_function_arn);
  const Provisioner::Pool* pool = provisioner_.FindIdle(*function);
  auto ticket = admission_.Admit(version->function, pool ? InitializationType::ProvisionedConcurrency : InitializationType::OnDemand, kind);
  if (!ticket) {
    InvocationMetrics::Throttle(series);
    co_return Fail(std::move(ticket).error());
  }
  const bool provisioned = ticket->initialization() == InitializationType::ProvisionedConcurrency;
  InvocationMetrics::Begin(series, Admission::RunningOf(*version->function), admission_.UseOf(*version->function));
  if (provisioner_.Provisions(*function)) InvocationMetrics::UseProvisioned(series, ticket->initialization(), provisioner_.UseOf(*function));
  if (provisioned) provisioner_.NoteUse(*pool);
  const CountGuard counted(running_);
  auto outcome = co_await parts_.environments->Invoke(ctx, provisioned ? pool->key : function->environment_key,
                                                      provisioned ? pool->spec : version->spec, std::move(invocation), &*ticket);
  if (outcome) {
    InvocationMetrics::End(series, *outcome);
    co_return outcome;
  }
  Error error = std::move(outcome).error();
  if (error.code == "NoCage" || error.code == "NoMemory") error = MachineFull(error);
  if (error.IsService("TooManyRequestsException")) InvocationMetrics::Throttle(series);
  co_return Fail(std::move(error));
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
