#include "mayflyd/daemon.h"

#include <algorithm>

#include "base/log.h"

namespace mayfly::daemon {
namespace {

constexpr Duration kDrainWithoutJail = std::chrono::seconds(1);

}  // namespace

Daemon::Daemon(RealLoop& loop, Options& options, Ground ground) : options_(options), ground_(std::move(ground)), end_(loop), foundation_(loop) {}

Task<Result<>> Daemon::Start(Context& ctx) {
  const std::string& data_path = ground_.data.path;
  MF_CO_TRY_VOID(foundation_.Open(options_, data_path));
  MF_CO_TRY_VOID(co_await foundation_.OpenKeyring(ctx, data_path, std::move(ground_.passphrase)));
  network_ = std::make_unique<uplink::FunctionNetwork>(foundation_.loop, foundation_.random, foundation_.metrics, ground_.network_plan,
                                                       std::move(ground_.router), ground_.name_servers);
  network_->OnRouterDeath([this] {
    jail_died_ = true;
    end_.Set();
  });
  options_.lambda.network = network_.get();
  MF_CO_TRY_VOID(front_.Open(ground_, options_.lambda));
  options_.lambda.on_jail_death = [this] {
    jail_died_ = true;
    end_.Set();
  };
  options_.lambda.event_backoff_min = options_.lanes.lanes.backoff_min;
  options_.lambda.event_backoff_max = std::max(options_.lanes.lanes.backoff_min, options_.lanes.lanes.backoff_max);
  lanes_ = foundation_.MakeLanes(options_);
  commons_ = foundation_.MakeCommons(data_path, front_.origin(), *lanes_);
  MF_CO_TRY_VOID(co_await services_.Open(ctx, options_.services, commons_, ports_));
  foundation_.BindPolicies(ports_);
  for (const auto& [arn_service, target] : ports_.All<delivery::Target>()) foundation_.targets.Register(arn_service, *target);
  for (wire::Endpoint* endpoint : services_.endpoints()) foundation_.directory.Register(*endpoint);
  MF_CO_TRY_VOID(front_.Serve(services_, ports_, *lanes_, *network_, [this](Context& ctx) { return Reset(ctx); }, std::move(ground_.listener)));
  lanes_->Open();  // what is owed has its targets
  services_.Start();
  co_return Result<>();
}

Task<> Daemon::Stop() {
  // Without the jail nothing that runs can come to a good end.
  const Duration drain = jail_died_ ? kDrainWithoutJail : options_.drain;
  const TimePoint until = foundation_.calendar.Now() + drain;
  services_.Pause();
  lanes_->Pause();
  co_await front_.Stop(drain);
  co_await lanes_->Stop(until);
  co_await services_.Drain(until);
  front_.CutFunctionCalls();
  co_await services_.Stop();
  co_await network_->Stop();
  if (auto saved = foundation_.decisions.Save(); !saved) log::Warning("save decisions: {}", saved.error().ToString());
  Context ctx(foundation_.loop);
  if (auto flushed = co_await foundation_.logs->Flush(ctx); !flushed) log::Warning("flush logs: {}", flushed.error().ToString());
}

Task<Result<>> Daemon::Reset(Context& ctx) {
  MF_CO_TRY_VOID(co_await foundation_.store->Clear(ctx));
  MF_CO_TRY_VOID(co_await lanes_->Clear(ctx));
  foundation_.metrics.Clear();
  foundation_.traces.Clear();
  foundation_.trail.Clear();
  MF_CO_TRY_VOID(foundation_.decisions.Clear());
  MF_CO_TRY_VOID(co_await services_.Reset(ctx));
  co_return co_await foundation_.logs->Clear(ctx);
}

}  // namespace mayfly::daemon
