#include "runtime/environment_manager.h"

#include <algorithm>

#include "base/log.h"

namespace mayfly::runtime {
namespace {

constexpr Duration kMeasureEvery = std::chrono::seconds(1);
constexpr Duration kCheckMemoryEvery = std::chrono::seconds(1);

Error Full(std::string_view code, std::string message, std::string hint) {
  Error full = Error::Fault(std::move(message), std::move(hint));
  full.code = code;
  return full;
}

}  // namespace

EnvironmentManager::EnvironmentManager(Loop& loop, EnvironmentFactory& factory, ManagerOptions options)
    : loop_(&loop),
      factory_(&factory),
      options_(options),
      memory_(loop, options.memory),
      starts_(loop, options.starts),
      ended_(loop),
      tasks_(loop) {}

EnvironmentManager::~EnvironmentManager() {
  for (const Loop::TimerId timer : {sweep_timer_, freeze_timer_, memory_timer_}) {
    if (timer) loop_->CancelTimer(timer);
  }
}

EnvironmentManager::Charge::Charge(EnvironmentManager& manager, const std::string& function_arn, int64_t expected_bytes)
    : manager_(&manager), use_(manager.uses_.try_emplace(function_arn).first), bytes_(expected_bytes) {
  MF_ASSERT(expected_bytes >= 0);
  ++manager.counts_.live;
  ++use_->second.environments;
  use_->second.memory_bytes += bytes_;
  manager.memory_.Expect(expected_bytes);
}

EnvironmentManager::Charge::~Charge() {
  if (!manager_) return;
  MF_ASSERT(manager_->counts_.live > 0);
  --manager_->counts_.live;
  manager_->memory_.Released(bytes_, measured_);
  use_->second.memory_bytes -= bytes_;
  MF_ASSERT(use_->second.environments > 0);
  if (--use_->second.environments == 0) manager_->uses_.erase(use_);
}

void EnvironmentManager::Charge::CountIdle(int change) {
  MF_ASSERT(manager_ != nullptr);
  use_->second.idle += change;
  MF_ASSERT(use_->second.idle >= 0 && use_->second.idle <= use_->second.environments);
}

void EnvironmentManager::Charge::Measure(int64_t bytes) {
  MF_ASSERT(manager_ != nullptr && bytes >= 0);
  if (std::exchange(measured_, true)) manager_->memory_.Remeasured(bytes_, bytes);
  else manager_->memory_.Measured(bytes_, bytes);
  use_->second.memory_bytes += bytes - bytes_;
  bytes_ = bytes;
}

std::shared_ptr<EnvironmentManager::Pool> EnvironmentManager::FindOrMakePool(const std::string& pool_key) {
  std::shared_ptr<Pool>& slot = pools_[pool_key];
  if (!slot) slot = std::make_shared<Pool>(Pool{.key = pool_key});
  return slot;
}

Task<Result<InvokeOutcome>> EnvironmentManager::Invoke(Context& ctx, const std::string& pool_key,
                                                       std::shared_ptr<const EnvironmentSpec> spec, Invocation invocation, StartGate* gate) {
  strand_.Check();
  MF_ASSERT(spec != nullptr);
  const std::shared_ptr<Pool> pool = FindOrMakePool(pool_key);
  bool is_served = false;
  MF_CO_TRY(Lent lent, co_await Borrow(ctx, *pool, spec, gate));
  auto outcome = co_await RunIn(ctx, pool, std::move(lent), invocation, is_served);
  if (is_served) co_return outcome;
  MF_CO_TRY(Lent other, co_await MakeNew(ctx, *pool, std::move(spec)));
  if (pool->provisioned) ++pool->ready;
  other.environment().SkipInitPhase();
  co_return co_await RunIn(ctx, pool, std::move(other), invocation, is_served);
}

// Not served: `invocation` is as it was, nothing of the function has seen it.
Task<Result<InvokeOutcome>> EnvironmentManager::RunIn(Context& ctx, const std::shared_ptr<Pool>& pool, Lent lent, Invocation& invocation,
                                                      bool& is_served) {
  auto outcome = co_await lent.environment().Invoke(ctx, std::move(invocation));
  std::optional<Invocation> unserved = lent.environment().TakeUnserved();
  is_served = !unserved;
  if (unserved) invocation = std::move(*unserved);
  if (lent.environment().settled()) GiveBack(pool, std::move(lent));
  else tasks_.Spawn(SettleAndGiveBack(pool, std::move(lent)));
  co_return outcome;
}

bool EnvironmentManager::IsUsable(const Lent& lent) const {
  return !lent.environment().dead() && !lent.environment().is_out_of_memory() && lent.environment().made_at() + options_.age_max > loop_->Now();
}

// Takes it out of its list; the pool's own list is up to the caller.
EnvironmentManager::Lent EnvironmentManager::TakeIdle(std::list<Idle>::iterator position) {
  MF_ASSERT(counts_.idle > 0);
  Lent lent = std::move(position->lent);
  (position->pool->provisioned ? provisioned_idle_ : idle_).erase(position);
  --counts_.idle;
  lent.charge.CountIdle(-1);
  return lent;
}

Task<Result<EnvironmentManager::Lent>> EnvironmentManager::Borrow(Context& ctx, Pool& pool, std::shared_ptr<const EnvironmentSpec> spec,
                                                                  StartGate* gate) {
  while (!pool.idle.empty()) {
    const auto position = pool.idle.back();
    pool.idle.pop_back();
    MF_ASSERT(position->pool == &pool);
    Lent lent = TakeIdle(position);
    if (!IsUsable(lent)) {
      Lose(pool);
      End(std::move(lent));
      continue;
    }
    ++counts_.reused;
    lent.environment().cage().Thaw();  // costs nothing when it is not frozen
    co_return lent;
  }
  if (gate) MF_CO_TRY_VOID(gate->MayStart());
  MF_CO_TRY(Lent lent, co_await MakeNew(ctx, pool, std::move(spec)));
  if (pool.provisioned) ++pool.ready;
  co_return lent;
}

// Waits for its turn, makes room and an environment. The place among those that start is left when its Init ends.
Task<Result<EnvironmentManager::Lent>> EnvironmentManager::MakeNew(Context& ctx, Pool& pool, std::shared_ptr<const EnvironmentSpec> spec) {
  MF_CO_TRY(std::unique_ptr<StartQueue::Place> place, co_await starts_.Take(ctx, pool.key));
  const int64_t expected_bytes = ExpectedBytes(pool, *spec);
  MF_CO_TRY_VOID(co_await MakeRoom(ctx, expected_bytes));
  Lent lent{.charge = Charge(*this, spec->label.function_arn, expected_bytes)};
  MF_CO_TRY(lent.handle, co_await factory_->Make(ctx, std::move(spec)));
  MF_ASSERT(lent.handle != nullptr);
  ++counts_.started;
  place->SetMeter([&cage = lent.environment().cage()] { return cage.CpuTime(); });
  lent.environment().OnInitEnd([place = std::move(place)]() mutable { place.reset(); });
  co_return lent;
}

Task<Result<>> EnvironmentManager::MakeRoom(Context& ctx, int64_t bytes) {
  while (counts_.live >= options_.environments_max || memory_.LackFor(bytes) > 0) {
    if (ending_ > 0) {
      MF_CO_TRY_VOID(co_await ended_.Wait(ctx));
      continue;
    }
    if (EvictOldest()) continue;
    if (counts_.live >= options_.environments_max) {
      co_return Fail(Full("NoCage", "all execution environments of this machine are in use", "raise --environments-max"));
    }
    co_return Fail(Full("NoMemory", "this machine has no memory for a further execution environment",
                        "give it more memory, or raise --memory-max or lower --memory-reserve"));
  }
  co_return Result<>();
}

int64_t EnvironmentManager::ExpectedBytes(const Pool& pool, const EnvironmentSpec& spec) const {
  const int64_t usual = pool.bytes_usual > 0 ? pool.bytes_usual : options_.memory.expected_bytes;
  return std::min(usual, (static_cast<int64_t>(spec.memory_mib) << 20) + spec.cage.tmp_bytes);
}

// The caller has its answer; the extensions may still work.
Task<> EnvironmentManager::SettleAndGiveBack(std::shared_ptr<Pool> pool, Lent lent) {
  co_await lent.environment().Settle();
  GiveBack(pool, std::move(lent));
  ended_.Pulse();
}

// Not after each invocation: the kernel's files cost microseconds.
void EnvironmentManager::Measure(Pool& pool, Lent& lent) {
  const TimePoint now = loop_->Now();
  if (lent.charge.measured() && now - lent.measured_at < kMeasureEvery) return;
  const int64_t bytes = lent.environment().cage().PeakChargedBytes();
  lent.charge.Measure(bytes > 0 ? bytes : lent.charge.bytes());
  pool.bytes_usual = lent.charge.bytes();
  lent.measured_at = now;
}

void EnvironmentManager::GiveBack(const std::shared_ptr<Pool>& pool, Lent lent) {
  MF_ASSERT(lent.handle && lent.environment().settled());
  // A provisioned environment is one that is initialised: one that crashed is replaced, not repaired.
  const bool unfit = lent.environment().dead() || (pool->provisioned && (!lent.environment().warm() || pool->ready > pool->keep));
  if (pool->retired || unfit) {
    Lose(*pool);
    return End(std::move(lent));
  }
  Measure(*pool, lent);
  lent.charge.CountIdle(1);
  std::list<Idle>& idle = pool->provisioned ? provisioned_idle_ : idle_;
  const auto position = idle.insert(idle.end(), Idle{std::move(lent), pool.get(), loop_->Now()});
  MF_ASSERT(counts_.idle < counts_.live);
  pool->idle.push_back(position);
  ++counts_.idle;
  EvictForMemory();  // it may have filled its /tmp, which stays as long as it does
  SetTimers();
}

void EnvironmentManager::SetTimers() {
  if (!freeze_timer_) freeze_timer_ = loop_->CallAfter(options_.freeze_after, [this] { FreezeIdle(); });
  if (idle_.empty()) return;
  if (!sweep_timer_) sweep_timer_ = loop_->CallAt(idle_.front().since + options_.idle_timeout, [this] { Sweep(); });
  if (!memory_timer_ && options_.memory.machine) memory_timer_ = loop_->CallAfter(kCheckMemoryEvery, [this] { CheckMemory(); });
}

void EnvironmentManager::FreezeIdle() {
  strand_.Check();
  freeze_timer_ = 0;
  Freeze(idle_);
  Freeze(provisioned_idle_);
  const auto has_more = [](const std::list<Idle>& idle) { return !idle.empty() && !idle.back().frozen; };
  if (has_more(idle_) || has_more(provisioned_idle_)) freeze_timer_ = loop_->CallAfter(options_.freeze_after, [this] { FreezeIdle(); });
}

// Idle environments stand in the order of their return, so those that are not frozen are the last ones.
void EnvironmentManager::Freeze(std::list<Idle>& all) {
  const TimePoint now = loop_->Now();
  for (auto idle = all.rbegin(); idle != all.rend() && !idle->frozen; ++idle) {
    if (idle->since + options_.freeze_after > now) continue;
    idle->frozen = true;
    idle->lent.environment().cage().Freeze();
  }
}

void EnvironmentManager::End(Lent lent) {
  MF_ASSERT(lent.handle != nullptr);
  if (!lent.environment().needs_shutdown()) return Forget(std::move(lent));
  ++ending_;
  tasks_.Spawn(ShutDown(std::move(lent)));
}

Task<> EnvironmentManager::ShutDown(Lent lent) {
  co_await lent.environment().ShutDown();
  MF_ASSERT(ending_ > 0);
  --ending_;
  Forget(std::move(lent));
  ended_.Pulse();
}

void EnvironmentManager::Forget(Lent lent) {
  // Not inside the call of the environment that is ending.
  loop_->Post([handle = std::move(lent.handle)]() mutable { handle.reset(); });
}

Task<> EnvironmentManager::AwaitEnds(TimePoint until) {
  while (tasks_.size() > 0 && co_await ended_.WaitUntil(until)) {
  }
}

bool EnvironmentManager::EvictOldest() {
  if (idle_.empty()) return false;
  MF_ASSERT(!idle_.front().pool->provisioned);  // those stand apart and are nobody's to evict
  std::erase(idle_.front().pool->idle, idle_.begin());
  End(TakeIdle(idle_.begin()));
  return true;
}

void EnvironmentManager::Sweep() {
  sweep_timer_ = 0;
  while (!idle_.empty() && idle_.front().since + options_.idle_timeout <= loop_->Now()) EvictOldest();
  SetTimers();
}

// Others on this machine, or functions at work, may need what idle environments hold.
void EnvironmentManager::CheckMemory() {
  memory_timer_ = 0;
  EvictForMemory();
  SetTimers();
}

void EnvironmentManager::EvictForMemory() {
  while (memory_.LackFor(0) > 0 && EvictOldest()) {
  }
}

void EnvironmentManager::Retire(const std::string& pool_key) {
  strand_.Check();
  const auto found = pools_.find(pool_key);
  if (found == pools_.end()) return;
  const std::shared_ptr<Pool> pool = std::move(found->second);
  pools_.erase(found);
  pool->retired = true;
  for (const auto position : std::exchange(pool->idle, {})) End(TakeIdle(position));
}

void EnvironmentManager::RetireAll() {
  std::vector<std::string> keys;
  for (const auto& [key, pool] : pools_) keys.push_back(key);
  for (const std::string& key : keys) Retire(key);
}

}  // namespace mayfly::runtime
