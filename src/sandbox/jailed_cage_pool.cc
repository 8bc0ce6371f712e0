#include <algorithm>
#include <cerrno>

#include "base/log.h"
#include "sandbox/jail_client.h"
#include "sandbox/jailed_cage.h"

namespace mayfly::sandbox {
namespace {

constexpr int kMakingAtOnceMax = 8;
constexpr Duration kHelloTimeout = std::chrono::seconds(20);
constexpr Duration kAcquireTimeout = std::chrono::seconds(10);
constexpr Duration kRefillDelay = std::chrono::milliseconds(25);

}  // namespace

JailedCagePool::JailedCagePool(RealLoop& loop, JailProcess process, PoolOptions options)
    : loop_(&loop), options_(options), jail_(loop, std::move(process.control)), changed_(loop), tasks_(loop) {
  zygote_indexes_.insert(process.zygotes.begin(), process.zygotes.end());
  jail_.OnEvent([this](const JailReport& report) { OnEvent(report); });
  jail_.OnGone([this] { OnGone(); });
}

JailedCagePool::~JailedCagePool() {
  for (const Loop::TimerId timer : {refill_timer_, zygote_timer_}) loop_->CancelTimer(timer);
}

Task<Result<std::unique_ptr<JailedCagePool>>> JailedCagePool::Open(Context& ctx, RealLoop& loop, JailProcess process, PoolOptions options) {
  std::unique_ptr<JailedCagePool> pool(new JailedCagePool(loop, std::move(process), options));
  Context waiting = ctx.WithDeadline(loop.Now() + kHelloTimeout);
  MF_CO_TRY(pool->features_, co_await pool->jail_.AwaitHello(waiting));
  pool->Refill();
  co_return pool;
}

// Making a cage takes a core for a millisecond or two: not while the one that was just taken is being started, unless a
// burst takes them all.
void JailedCagePool::RefillLater() {
  if (static_cast<int>(spare_.size()) * 2 < options_.spare_cages) return Refill();
  if (refill_timer_ != 0) return;
  refill_timer_ = loop_->CallAfter(kRefillDelay, [this] {
    refill_timer_ = 0;
    Refill();
  });
}

// Asks for what is missing now, once: a jail that has just died refuses at once, and the loop must go on to learn of its death.
void JailedCagePool::Refill() {
  if (stopping_ || jail_.gone()) return;
  const int missing = std::min({kMakingAtOnceMax - making_, options_.cages_max - live_ - making_,
                                options_.spare_cages - static_cast<int>(spare_.size()) - making_});
  for (int i = 0; i < missing; ++i) {
    MF_ASSERT(making_ < kMakingAtOnceMax && live_ + making_ < options_.cages_max);
    ++making_;
    tasks_.Spawn(MakeOne());
  }
}

Task<> JailedCagePool::MakeOne() {
  auto made = co_await jail_.Call({.operation = JailOperation::MakeCage, .flags = kWantEndpoint});
  MF_ASSERT(making_ > 0);
  --making_;
  if (!made) {
    last_failure_ = std::move(made).error();
    log::Warning("make a cage: {}", last_failure_.ToString());
  } else if (stopping_) {
    jail_.Tell({.operation = JailOperation::Destroy, .cage = made->report.cage});
  } else {
    auto cage = std::make_unique<JailedCage>(*this, made->report, std::move(made->descriptors), features_);
    cages_[cage->id()] = cage.get();
    ++live_;
    spare_.push_back(std::move(cage));
  }
  changed_.Pulse();
}

Task<Result<std::unique_ptr<Cage>>> JailedCagePool::Acquire(Context& ctx) {
  strand_.Check();
  const TimePoint until = loop_->Now() + kAcquireTimeout;
  while (spare_.empty()) {
    if (stopping_ || jail_.gone()) co_return Fail(Error::Fault("no sandbox can be made: the jail has gone"));
    Error full = Error::Fault("no sandbox can be made now");
    full.code = "NoCage";
    if (loop_->Now() >= until) co_return Fail(std::move(full));
    if (making_ == 0 && live_ >= options_.cages_max) co_return Fail(std::move(full));
    if (making_ < kMakingAtOnceMax && live_ + making_ < options_.cages_max) {
      ++making_;
      tasks_.Spawn(MakeOne());
    }
    if (!co_await changed_.WaitUntil(until)) continue;
    if (making_ == 0 && spare_.empty() && !last_failure_.message.empty()) co_return Fail(std::move(last_failure_).Wrap("make a cage"));
  }
  std::unique_ptr<JailedCage> cage = std::move(spare_.front());
  MF_ASSERT(cage != nullptr && cages_.contains(cage->id()));
  spare_.pop_front();
  RefillLater();
  co_return std::unique_ptr<Cage>(std::move(cage));
}


void JailedCagePool::OnEvent(const JailReport& report) {
  strand_.Check();
  if (report.kind == JailReportKind::ZygoteReady) return log::Debug("zygote {} is ready", report.zygote_index);
  if (report.kind == JailReportKind::ZygoteDied) return OnZygoteDeath({static_cast<int>(report.zygote_index), report.zygote_group});
  const auto found = cages_.find(report.cage);
  if (found == cages_.end()) return;
  JailedCage* cage = found->second;
  cage->HandleReport(report);
  if (report.kind == JailReportKind::CageDied) {
    std::erase_if(spare_, [cage](const auto& spare) { return spare.get() == cage; });
    Refill();
  }
}

void JailedCagePool::OnGone() {
  if (!stopping_) log::Error("mayfly-jail has died: no function can run until the daemon is started again");
  if (!stopping_ && on_jail_death_) loop_->Post([this] { on_jail_death_(); });
  for (const auto& [id, cage] : std::unordered_map(cages_)) cage->HandleDeath();
  spare_.clear();
  changed_.Pulse();
}

void JailedCagePool::Forget(uint32_t cage, bool destroy) {
  strand_.Check();
  if (cages_.erase(cage) == 0) return;
  MF_ASSERT(live_ > 0);
  --live_;
  if (destroy && !jail_.gone()) jail_.Tell({.operation = JailOperation::Destroy, .cage = cage});
  if (!stopping_) RefillLater();
  changed_.Pulse();
}

Task<> JailedCagePool::Stop() {
  stopping_ = true;
  spare_.clear();
  co_await tasks_.Join();
  co_await jail_.Stop();
}

}  // namespace mayfly::sandbox
