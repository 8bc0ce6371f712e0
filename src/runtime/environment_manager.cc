#include "runtime/environment_manager.h"

#include "base/log.h"

namespace mayfly::runtime {

struct EnvironmentManager::Idle {
  std::unique_ptr<EnvironmentHandle> handle;
  Pool* pool;
  TimePoint since;
  bool frozen = false;
};

struct EnvironmentManager::Pool {
  std::string key;
  bool retired = false;
  std::vector<std::list<Idle>::iterator> idle;  // the last one was used last
};

EnvironmentManager::EnvironmentManager(Loop& loop, EnvironmentFactory& factory, ManagerOptions options)
    : loop_(&loop), factory_(&factory), options_(options), ended_(loop), tasks_(loop) {}

EnvironmentManager::~EnvironmentManager() {
  if (sweep_timer_) loop_->CancelTimer(sweep_timer_);
  if (freeze_timer_) loop_->CancelTimer(freeze_timer_);
}

Task<Result<InvokeOutcome>> EnvironmentManager::Invoke(Context& ctx, const std::string& pool_key,
                                                       std::shared_ptr<const EnvironmentSpec> spec, Invocation invocation) {
  std::shared_ptr<Pool>& slot = pools_[pool_key];
  if (!slot) slot = std::make_shared<Pool>(Pool{.key = pool_key});
  const std::shared_ptr<Pool> pool = slot;
  MF_CO_TRY(std::unique_ptr<EnvironmentHandle> handle, co_await Borrow(ctx, *pool, std::move(spec)));
  auto outcome = co_await handle->environment().Invoke(ctx, std::move(invocation));
  if (handle->environment().settled()) GiveBack(pool, std::move(handle));
  else tasks_.Spawn(SettleAndGiveBack(pool, std::move(handle)));
  co_return outcome;
}

Task<Result<std::unique_ptr<EnvironmentHandle>>> EnvironmentManager::Borrow(Context& ctx, Pool& pool,
                                                                            std::shared_ptr<const EnvironmentSpec> spec) {
  while (!pool.idle.empty()) {
    const auto position = pool.idle.back();
    pool.idle.pop_back();
    std::unique_ptr<EnvironmentHandle> handle = std::move(position->handle);
    idle_.erase(position);
    --counts_.idle;
    if (handle->environment().dead() || handle->environment().made_at() + options_.age_max <= loop_->Now()) {
      End(std::move(handle));
      continue;
    }
    ++counts_.reused;
    handle->environment().cage().Thaw();  // costs nothing when it is not frozen
    co_return handle;
  }
  while (counts_.live >= options_.environments_max) {
    if (ending_ > 0) {
      MF_CO_TRY_VOID(co_await ended_.Wait(ctx));
      continue;
    }
    if (!EvictOldest()) {
      Error full = Error::Fault("all execution environments of this node are in use", "raise --environments-max");
      full.code = "NoCage";
      co_return Fail(std::move(full));
    }
  }
  ++counts_.live;
  auto made = co_await factory_->Make(ctx, std::move(spec));
  if (!made) {
    --counts_.live;
    co_return Fail(std::move(made).error());
  }
  ++counts_.started;
  co_return std::move(*made);
}

// The caller has its answer; the extensions may still work.
Task<> EnvironmentManager::SettleAndGiveBack(std::shared_ptr<Pool> pool, std::unique_ptr<EnvironmentHandle> handle) {
  co_await handle->environment().Settle();
  GiveBack(pool, std::move(handle));
  ended_.Pulse();
}

void EnvironmentManager::GiveBack(const std::shared_ptr<Pool>& pool, std::unique_ptr<EnvironmentHandle> handle) {
  if (pool->retired || handle->environment().dead()) return End(std::move(handle));
  const auto position = idle_.insert(idle_.end(), Idle{std::move(handle), pool.get(), loop_->Now()});
  pool->idle.push_back(position);
  ++counts_.idle;
  if (!sweep_timer_) sweep_timer_ = loop_->CallAfter(options_.idle_timeout, [this] { Sweep(); });
  if (!freeze_timer_) freeze_timer_ = loop_->CallAfter(options_.freeze_after, [this] { FreezeIdle(); });
}

// Idle environments stand in the order of their return, so those that are not frozen are the last ones.
void EnvironmentManager::FreezeIdle() {
  freeze_timer_ = 0;
  const TimePoint now = loop_->Now();
  for (auto idle = idle_.rbegin(); idle != idle_.rend() && !idle->frozen; ++idle) {
    if (idle->since + options_.freeze_after > now) continue;
    idle->frozen = true;
    idle->handle->environment().cage().Freeze();
  }
  if (!idle_.empty() && !idle_.back().frozen) {
    freeze_timer_ = loop_->CallAfter(options_.freeze_after, [this] { FreezeIdle(); });
  }
}

void EnvironmentManager::End(std::unique_ptr<EnvironmentHandle> handle) {
  if (!handle->environment().needs_shutdown()) return Forget(std::move(handle));
  ++ending_;
  tasks_.Spawn(ShutDown(std::move(handle)));
}

Task<> EnvironmentManager::ShutDown(std::unique_ptr<EnvironmentHandle> handle) {
  co_await handle->environment().ShutDown();
  --ending_;
  Forget(std::move(handle));
  ended_.Pulse();
}

void EnvironmentManager::Forget(std::unique_ptr<EnvironmentHandle> handle) {
  --counts_.live;
  // Not inside the call of the environment that is ending.
  loop_->Post([handle = std::move(handle)]() mutable { handle.reset(); });
}

Task<> EnvironmentManager::AwaitEnds(TimePoint until) {
  while (tasks_.size() > 0 && co_await ended_.WaitUntil(until)) {
  }
}

bool EnvironmentManager::EvictOldest() {
  if (idle_.empty()) return false;
  Idle& oldest = idle_.front();
  std::erase(oldest.pool->idle, idle_.begin());
  std::unique_ptr<EnvironmentHandle> handle = std::move(oldest.handle);
  idle_.pop_front();
  --counts_.idle;
  End(std::move(handle));
  return true;
}

void EnvironmentManager::Sweep() {
  sweep_timer_ = 0;
  while (!idle_.empty() && idle_.front().since + options_.idle_timeout <= loop_->Now()) EvictOldest();
  if (!idle_.empty()) sweep_timer_ = loop_->CallAt(idle_.front().since + options_.idle_timeout, [this] { Sweep(); });
}

void EnvironmentManager::Retire(const std::string& pool_key) {
  const auto found = pools_.find(pool_key);
  if (found == pools_.end()) return;
  const std::shared_ptr<Pool> pool = std::move(found->second);
  pools_.erase(found);
  pool->retired = true;
  for (const auto position : pool->idle) {
    std::unique_ptr<EnvironmentHandle> handle = std::move(position->handle);
    idle_.erase(position);
    --counts_.idle;
    End(std::move(handle));
  }
  pool->idle.clear();
}

void EnvironmentManager::RetireAll() {
  std::vector<std::string> keys;
  for (const auto& [key, pool] : pools_) keys.push_back(key);
  for (const std::string& key : keys) Retire(key);
}

}  // namespace mayfly::runtime
