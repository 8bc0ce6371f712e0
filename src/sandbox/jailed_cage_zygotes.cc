// The pool's zygotes: which run, and for whom.
#include <algorithm>

#include "base/log.h"
#include "sandbox/jail_client.h"

namespace mayfly::sandbox {
namespace {

constexpr Duration kZygoteRestartMax = std::chrono::minutes(1);
constexpr Duration kZygoteSweepEvery = std::chrono::minutes(1);

JailRequest About(JailOperation operation, StartMode zygote) {
  return {.operation = operation, .zygote_index = static_cast<uint32_t>(zygote.zygote_index), .zygote_group = zygote.zygote_group};
}

}  // namespace

void JailedCagePool::PrepareZygote(StartMode zygote) {
  strand_.Check();
  if (!zygote_indexes_.contains(zygote.zygote_index) || stopping_ || jail_.gone()) return;
  if (!zygotes_.contains(zygote) && zygote.zygote_group != 0 && !MakeRoomForZygote()) return;
  ZygoteState& state = zygotes_[zygote];
  state.used_at = loop_->Now();
  if (std::exchange(state.wanted, true)) return;
  jail_.Tell(About(JailOperation::StartZygote, zygote));
  if (zygote.zygote_group != 0 && zygote_timer_ == 0) zygote_timer_ = loop_->CallAfter(kZygoteSweepEvery, [this] { EndIdleZygotes(); });
}

bool JailedCagePool::UseZygote(StartMode mode) {
  const auto found = zygotes_.find(mode);
  if (found == zygotes_.end()) PrepareZygote(mode);  // for those that follow: it takes longer to boot than an interpreter alone
  else found->second.used_at = loop_->Now();
  return found != zygotes_.end();
}

// Of those of groups the one that was not used for the longest time goes.
bool JailedCagePool::MakeRoomForZygote() {
  int count = 0;
  auto oldest = zygotes_.end();
  for (auto zygote = zygotes_.begin(); zygote != zygotes_.end(); ++zygote) {
    if (zygote->first.zygote_group == 0) continue;
    ++count;
    if (oldest == zygotes_.end() || zygote->second.used_at < oldest->second.used_at) oldest = zygote;
  }
  if (count < options_.zygotes_max) return true;
  if (oldest == zygotes_.end() || oldest->second.used_at + kZygoteKeptMin > loop_->Now()) return false;
  StopZygote(oldest);
  return true;
}

// A jail that is at a fork of it keeps it: then it is known there and not here, and is found again when it is wanted, or stays idle.
void JailedCagePool::StopZygote(std::map<StartMode, ZygoteState>::iterator zygote) {
  jail_.Tell(About(JailOperation::StopZygote, zygote->first));
  zygotes_.erase(zygote);
}

void JailedCagePool::EndIdleZygotes() {
  zygote_timer_ = 0;
  if (stopping_ || jail_.gone()) return;
  bool has_groups = false;
  for (auto zygote = zygotes_.begin(); zygote != zygotes_.end();) {
    const auto next = std::next(zygote);
    if (zygote->first.zygote_group != 0 && zygote->second.used_at + kZygoteIdleMax <= loop_->Now()) StopZygote(zygote);
    else has_groups = has_groups || zygote->first.zygote_group != 0;
    zygote = next;
  }
  if (has_groups) zygote_timer_ = loop_->CallAfter(kZygoteSweepEvery, [this] { EndIdleZygotes(); });
}

void JailedCagePool::OnZygoteDeath(StartMode mode) {
  const auto found = zygotes_.find(mode);
  if (found == zygotes_.end()) return;
  ZygoteState& zygote = found->second;
  log::Warning("zygote {} died: environments start by exec until it is back, in {:.0f} s", mode.zygote_index, ToMillis(zygote.restart_after) / 1000);
  zygote.wanted = false;
  loop_->CallAfter(zygote.restart_after, [this, mode] {
    if (zygotes_.contains(mode)) PrepareZygote(mode);
  });
  zygote.restart_after = std::min<Duration>(zygote.restart_after * 2, kZygoteRestartMax);
}

}  // namespace mayfly::sandbox
