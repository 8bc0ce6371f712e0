#include "services/lambda/service.h"

#include <malloc.h>

#include <optional>

#include "base/log.h"
#include "base/real_loop.h"
#include "base/task_scope.h"
#include "images/runtime_images.h"
#include "services/lambda/authorizer.h"
#include "services/lambda/control_plane_rate.h"
#include "services/lambda/execution_roles.h"
#include "services/lambda/execution.h"
#include "services/lambda/function_vpcs.h"
#include "services/lambda/holdings.h"
#include "services/lambda/lambda_handlers.h"
#include "services/lambda/scaled_concurrency.h"
#include "services/lambda/value_limits.h"

namespace mayfly::lambda {
namespace {

// What the operations work with.
LambdaParts MakeParts(const services::Commons& commons, const Premises& premises, Holdings& holdings, Execution& execution, FunctionVpcs& vpcs,
                      sources::QueueSource& queues) {
  const Settings& settings = premises.settings;
  LambdaParts parts{.loop = commons.calendar, .tables = &holdings.tables, .catalog = &holdings.functions, .layers = &holdings.layers, .access = &holdings.access,
                    .runtimes = &holdings.runtimes, .code = holdings.code.get(), .images = &holdings.images, .file_systems = &holdings.file_systems,
                    .code_source = holdings.code_source.get(), .signing_profiles = &holdings.signing_profiles, .invoker = &execution.invoker(),
                    .events = &execution.events(), .loops = &execution.loops(), .files = commons.files, .random = commons.random, .ledger = &holdings.ledger};
  parts.account_concurrency = settings.invoke.admission.account_concurrency;
  parts.code_storage_bytes_max = settings.code_storage_bytes_max;
  parts.unreserved_concurrency_min = settings.unreserved_concurrency_min;
  parts.update_delay = settings.update_delay;
  parts.download_url = premises.download_url;
  parts.layer_download_url = premises.layer_download_url;
  parts.function_url = premises.function_url;
  parts.vpcs = &vpcs;
  parts.queues = &queues;
  parts.last_processing_result = [&mappings = execution.mappings()](const std::string& key) { return mappings.ResultOf(key); };
  return parts;
}

class LambdaService final : public services::Service {
 public:
  static Task<Result<std::unique_ptr<services::Service>>> Open(Context& ctx, const services::Commons& commons, services::Ports& ports, Premises& premises) {
    auto& queues = ports.Get<sources::QueueSource>();
    MF_CO_TRY(auto holdings, Holdings::Make(commons, premises, ports.Get<packages::OwnBuckets>()));
    MF_CO_TRY_VOID(co_await holdings->Open(ctx));
    MF_CO_TRY(auto execution, co_await Execution::Open(ctx, commons, premises, *holdings, queues));
    auto service = std::make_unique<LambdaService>(commons, premises, std::move(holdings), std::move(execution), ports, queues);
    service->handlers_.Recover();
    service->Offer(ports);
    co_return service;
  }

  LambdaService(const services::Commons& commons, const Premises& premises, std::unique_ptr<Holdings> holdings, std::unique_ptr<Execution> execution,
                const services::Ports& ports, sources::QueueSource& queues)
      : commons_(commons),
        holdings_(std::move(holdings)),
        execution_(std::move(execution)),
        vpcs_(ports.Get<vpc::FunctionNetworks>(), holdings_->functions),
        handlers_(MakeParts(commons, premises, *holdings_, *execution_, vpcs_, queues)),
        capacity_(holdings_->tables, holdings_->functions, execution_->invoker().provisioner()),
        authorizer_(holdings_->access),
        rate_(premises.settings.control_plane_rate > 0 ? std::make_unique<ControlPlaneRate>(*commons.loop, premises.settings.control_plane_rate) : nullptr),
        execution_roles_(ports.Get<identity::RoleTrust>(), *commons.identities),
        endpoint_(kService, &handlers_.handlers(), MakeAuthorizer(), commons.observer, commons.files),
        background_(*commons.loop) {
    endpoint_.SetRules(MakeValueLimits(holdings_->runtimes, *commons.calendar));
  }

  wire::Endpoint& endpoint() override { return endpoint_; }

  void Start() override {
    execution_->Start();
    background_.Spawn(RecoverVpcs());
    background_.Spawn(Survey());
  }

  void Pause() override { execution_->Pause(); }
  Task<> Drain(TimePoint until) override { return execution_->Drain(until); }

  Task<> Stop() override {
    background_.Stop();
    co_await background_.Join();
    co_await handlers_.Stop();
    co_await execution_->Stop();
  }

  Task<Result<>> Reset(Context& ctx) override {
    execution_->Reset();
    co_await holdings_->collector.Run(ctx);
    co_return Result<>();
  }

 private:
  void Offer(services::Ports& ports) {
    ports.Offer<delivery::Target>(execution_->target(), "lambda");
    ports.Offer<invoke::ProvisionedCapacity>(capacity_);
    ports.Offer(holdings_->functions);
    ports.Offer(holdings_->urls);
    ports.Offer(holdings_->runtimes);
    ports.Offer(holdings_->access);
    ports.Offer(*holdings_->code);
    ports.Offer(execution_->environments());
    ports.Offer(execution_->invoker());
    ports.Offer(execution_->loops());
  }

  wire::Authorizer MakeAuthorizer() {
    wire::Authorizer checked = execution_roles_.After(authorizer_.AsFunction());
    return rate_ ? rate_->Before(std::move(checked)) : checked;
  }

  Task<> RecoverVpcs() {
    Context ctx(*commons_.loop);
    ctx.stop = background_.stop_token();
    co_await vpcs_.Recover(ctx);
  }

  // Looks at every function once, while the daemon serves already.
  Task<> Survey() {
    Context ctx(*commons_.loop);
    ctx.stop = background_.stop_token();
    co_await holdings_->functions.Survey(ctx, [this](const catalog::Function& function) { execution_->PrepareFor(function); });
    ::malloc_trim(0);  // what reading all rows took, and what looking at them took
    if (!ctx.stop.stop_requested()) co_await holdings_->collector.Run(ctx);
    if (!ctx.stop.stop_requested()) co_await TidyRuntimeImages();
  }

  Task<> TidyRuntimeImages() {
    std::set<std::string> used;
    for (const catalog::RuntimeImage& image : holdings_->runtimes.images()) used.insert(image.tree);
    const auto removed = co_await commons_.files->Run(*commons_.loop, [data = commons_.data_path, used = std::move(used)] {
      return images::RemoveUnusedRuntimeImages(data, used);
    });
    if (!removed) log::Warning("remove images of runtimes: {}", removed.error().ToString());
  }

  services::Commons commons_;
  std::unique_ptr<Holdings> holdings_;
  std::unique_ptr<Execution> execution_;
  FunctionVpcs vpcs_;
  LambdaHandlers handlers_;
  ProvisionedCapacity capacity_;
  Authorizer authorizer_;
  std::unique_ptr<ControlPlaneRate> rate_;  // null: no limit
  ExecutionRoles execution_roles_;
  wire::Endpoint endpoint_;
  TaskScope background_;
};

}  // namespace

services::Declaration Declare(Premises& premises) {
  using services::PortOf;
  return {.name = "lambda",
          .offers = {PortOf<delivery::Target>("lambda"), PortOf<invoke::ProvisionedCapacity>(), PortOf<catalog::FunctionCatalog>(),
                     PortOf<catalog::FunctionUrlIndex>(), PortOf<catalog::RuntimeTable>(), PortOf<catalog::Access>(), PortOf<packages::CodeStore>(),
                     PortOf<runtime::EnvironmentManager>(), PortOf<invoke::Invoker>(), PortOf<invoke::LoopGuard>()},
          .needs = {PortOf<sources::QueueSource>(), PortOf<packages::OwnBuckets>(), PortOf<vpc::FunctionNetworks>(), PortOf<identity::RoleTrust>()},
          .options = OptionsOf(premises.settings),
          .open = [&premises](Context& ctx, const services::Commons& commons, services::Ports& ports) {
            return LambdaService::Open(ctx, commons, ports, premises);
          }};
}

}  // namespace mayfly::lambda
