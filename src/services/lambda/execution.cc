#include "services/lambda/execution.h"

#include "base/real_loop.h"
#include "images/tree_facts.h"
#include "sources/queue_poller.h"
#include "telemetry/trace_segments.h"
#include "uplink/address_holders.h"

namespace mayfly::lambda {
namespace {

// A Shutdown phase, and some time for the killing.
constexpr Duration kShutdownPhaseMax = runtime::kShutdownWithExternalExtensions + std::chrono::milliseconds(500);

invoke::DispatchOptions MakeDispatchOptions(const Premises& premises) {
  invoke::DispatchOptions options = premises.settings.invoke.dispatch;
  options.backoff_min = premises.event_backoff_min;
  options.backoff_max = premises.event_backoff_max;
  return options;
}

}  // namespace

Task<Result<std::unique_ptr<Execution>>> Execution::Open(Context& ctx, const services::Commons& commons, Premises& premises, Holdings& holdings,
                                                         sources::QueueSource& queues) {
  const runtime::RuntimeOptions& options = premises.settings.runtime;
  const int environments_max = runtime::EnvironmentsMax(options, runtime::Machine::This());
  sandbox::PoolOptions pool{.spare_cages = options.spare_cages, .cages_max = environments_max + options.spare_cages, .zygotes_max = options.zygotes_max};
  MF_CO_TRY(auto cages, co_await sandbox::JailedCagePool::Open(ctx, *commons.loop, std::move(premises.jail), pool));
  co_return std::make_unique<Execution>(commons, premises, holdings, queues, std::move(cages));
}

Execution::Execution(const services::Commons& commons, Premises& premises, Holdings& holdings, sources::QueueSource& queues,
                     std::unique_ptr<sandbox::JailedCagePool> cages)
    : commons_(commons),
      premises_(&premises),
      holdings_(&holdings),
      cages_(std::move(cages)),
      zygotes_(holdings.runtimes, [this](int index, const std::string& account_id) {
        cages_->PrepareZygote({index, invoke::ZygoteGroup(premises_->settings.invoke.spec.zygotes, account_id)});
      }),
      function_log_(*commons.logs),
      factory_(*commons.loop, *cages_, stream_, runtime::CompleteEnvironment(premises.settings.runtime), MakeFunctionEndpoint()),
      environments_(*commons.loop, factory_, runtime::CompleteManager(premises.settings.runtime, runtime::Machine::This(), memory_)),
      sampler_(*commons.loop, *commons.random),
      invoker_({.loop = commons.loop, .tables = &holdings.tables, .catalog = &holdings.functions, .ledger = &holdings.ledger,
                .runtimes = &holdings.runtimes, .environments = &environments_, .metrics = commons.metrics},
               MakeInvokerOptions()),
      loops_(holdings.tables, *commons.metrics),
      events_(MakeEventParts(), MakeDispatchOptions(premises)),
      target_(events_, holdings.functions, holdings.access),
      mapped_functions_(holdings.functions, invoker_, loops_, *commons.random),
      mappings_(*commons.calendar, holdings.tables, mapped_functions_, *commons.random, *commons.metrics, premises.settings.pollers) {
  stream_.Add(&function_log_);
  for (const auto kind : {sources::SourceKind::SqsStandard, sources::SourceKind::SqsFifo}) mappings_.Add(kind, sources::MakeQueuePollers(queues));
  cages_->OnJailDeath([this] {
    jail_died_ = true;
    premises_->on_jail_death();
  });
  if (premises.settings.invoke.spec.isolation == invoke::Isolation::Exec) return;
  // The first Python found: most first functions want it.
  if (premises.settings.invoke.spec.zygotes == invoke::ZygoteSharing::Shared) cages_->PrepareZygote({.zygote_index = 1});
  zygotes_.Follow(holdings.functions);
}

// The API as functions reach it.
runtime::FunctionEndpoint Execution::MakeFunctionEndpoint() const {
  runtime::FunctionEndpoint endpoint{.sessions = commons_.sessions, .credentials_valid = premises_->settings.runtime.credentials_valid};
  endpoint.handle = premises_->handle_from_function;
  endpoint.refuse_head = premises_->refuse_head;
  endpoint.take_trace = [traces = commons_.traces, loop = commons_.loop](const telemetry::EnvironmentLabel& label, std::string_view datagram) {
    traces->Add(label, datagram, loop->WallNow());
  };
  if (premises_->network == nullptr) return endpoint;
  endpoint.join = [network = premises_->network](const runtime::EnvironmentSpec& spec, uint32_t address) {
    return network->Join(address, {spec.account_id, spec.region, spec.label.function_name, spec.is_in_vpc ? spec.VersionArn() : std::string()});
  };
  endpoint.leave = [network = premises_->network](uint32_t address) { network->Leave(address); };
  return endpoint;
}

invoke::InvokerOptions Execution::MakeInvokerOptions() {
  invoke::InvokerOptions options{.admission = premises_->settings.invoke.admission, .spec = premises_->settings.invoke.spec};
  options.traces = &sampler_;
  options.spec.file_systems = &holdings_->file_systems;
  options.list_extensions = [this](const std::string& tree) {
    return commons_.files->Run(*commons_.loop, [code = holdings_->code.get(), tree] { return images::ListTreeExtensions(*code, tree); });
  };
  return options;
}

invoke::EventQueueParts Execution::MakeEventParts() {
  invoke::EventQueueParts parts{.loop = commons_.calendar, .lanes = commons_.lanes, .deliveries = commons_.deliveries, .catalog = &holdings_->functions,
                                .tables = &holdings_->tables, .random = commons_.random, .metrics = commons_.metrics, .loops = &loops_,
                                .targets = commons_.targets, .invoke = {}};
  parts.invoke = [this](Context& ctx, catalog::FunctionPointer function, runtime::Invocation invocation) {
    return invoker_.Invoke(ctx, std::move(function), std::move(invocation), invoke::InvocationKind::Asynchronous);
  };
  return parts;
}

void Execution::PrepareFor(const catalog::Function& function) const {
  if (premises_->settings.invoke.spec.isolation == invoke::Isolation::Zygote) zygotes_.PrepareFor(function);
}

void Execution::Start() {
  invoker_.provisioner().Open();
  mappings_.Open();
}

Task<> Execution::Stop() {
  invoker_.CutStreams();
  invoker_.provisioner().Stop();
  environments_.RetireAll();
  if (!jail_died_) co_await environments_.AwaitEnds(commons_.loop->Now() + kShutdownPhaseMax);
  co_await commons_.loop->Yield();
  co_await cages_->Stop();
}

void Execution::Reset() {
  environments_.RetireAll();
  invoker_.RenewMetrics();
}

}  // namespace mayfly::lambda
