// Environments that are initialised ahead of invocations, and kept.
#include <algorithm>

#include "runtime/environment_manager.h"

namespace mayfly::runtime {
namespace {

// Time to make another one before an old one may no longer be used.
constexpr Duration kRenewAhead = std::chrono::minutes(15);

}  // namespace

Task<Result<>> EnvironmentManager::Provision(Context& ctx, const std::string& pool_key, std::shared_ptr<const EnvironmentSpec> spec) {
  strand_.Check();
  const std::shared_ptr<Pool> pool = FindOrMakePool(pool_key);
  pool->provisioned = true;
  MF_CO_TRY(Lent lent, co_await MakeNew(ctx, *pool, std::move(spec)));
  auto warmed = co_await lent.environment().Warm(ctx);
  if (warmed) {
    ++pool->ready;
    GiveBack(pool, std::move(lent));
    co_return Result<>();
  }
  End(std::move(lent));
  Error error = std::move(warmed).error();
  error.code = "InitFailed";
  co_return Fail(std::move(error));
}

bool EnvironmentManager::HasIdleProvisioned(const std::string& pool_key) {
  strand_.Check();
  const auto found = pools_.find(pool_key);
  if (found == pools_.end()) return false;
  Pool& pool = *found->second;
  while (!pool.idle.empty()) {
    const auto position = pool.idle.back();
    if (IsUsable(position->lent) && position->lent.environment().warm()) return true;
    pool.idle.pop_back();
    Lose(pool);
    End(TakeIdle(position));
  }
  return false;
}

void EnvironmentManager::KeepProvisioned(const std::string& pool_key, int count) {
  strand_.Check();
  MF_ASSERT(count >= 0);
  const std::shared_ptr<Pool> pool = FindOrMakePool(pool_key);
  pool->provisioned = true;
  pool->keep = count;
  while (pool->ready > count && !pool->idle.empty()) EndOldestProvisioned(pool_key);
}

EnvironmentManager::ProvisionedCounts EnvironmentManager::CountProvisioned(const std::string& pool_key) const {
  ProvisionedCounts counts;
  const auto found = pools_.find(pool_key);
  if (found == pools_.end()) return counts;
  counts.ready = found->second->ready;
  counts.busy = counts.ready - static_cast<int>(found->second->idle.size());
  return counts;
}

bool EnvironmentManager::HasOldProvisioned(const std::string& pool_key) const {
  const auto found = pools_.find(pool_key);
  if (found == pools_.end()) return false;
  const TimePoint renewed_before = loop_->Now() + std::min(kRenewAhead, options_.age_max / 4) - options_.age_max;
  return std::any_of(found->second->idle.begin(), found->second->idle.end(),
                     [&](const auto& idle) { return idle->lent.environment().made_at() <= renewed_before; });
}

void EnvironmentManager::EndOldestProvisioned(const std::string& pool_key) {
  const auto found = pools_.find(pool_key);
  if (found == pools_.end() || found->second->idle.empty()) return;
  Pool& pool = *found->second;
  const auto oldest = std::min_element(pool.idle.begin(), pool.idle.end(), [](const auto& a, const auto& b) {
    return a->lent.environment().made_at() < b->lent.environment().made_at();
  });
  const auto position = *oldest;
  pool.idle.erase(oldest);
  MF_ASSERT(pool.provisioned && pool.ready > 0);
  --pool.ready;
  End(TakeIdle(position));
}

// One of the pool's environments is going. Its keeper hears of it after what is happening now.
void EnvironmentManager::Lose(Pool& pool) {
  if (!pool.provisioned) return;
  --pool.ready;
  if (pool.retired || !on_provisioned_loss_) return;
  loop_->Post([this, key = pool.key] {
    if (on_provisioned_loss_) on_provisioned_loss_(key);
  });
}

}  // namespace mayfly::runtime
