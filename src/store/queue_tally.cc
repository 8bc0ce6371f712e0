#include "store/queue_tally.h"

namespace mayfly::store {
namespace {

int64_t GrainOf(WallTime time) { return time.time_since_epoch() / kTallyGrain; }

}  // namespace

void QueueTally::Queue::Forget(int64_t until) {
  for (auto grain = future.begin(); grain != future.end() && grain->first <= until; grain = future.erase(grain)) {
    later.leased -= grain->second.leased;
    later.delayed -= grain->second.delayed;
  }
}

// What leaves a grain that has been forgotten was due.
void QueueTally::Queue::Add(int64_t at, bool leased, int64_t delta) {
  MF_ASSERT(delta == 1 || delta == -1);
  const auto grain = delta > 0 ? future.try_emplace(at).first : future.find(at);
  if (grain == future.end()) return;
  (leased ? grain->second.leased : grain->second.delayed) += delta;
  (leased ? later.leased : later.delayed) += delta;
  if (grain->second.leased == 0 && grain->second.delayed == 0) future.erase(grain);
}

void QueueTally::Apply(const std::vector<TallyChange>& changes, WallTime now) {
  std::lock_guard lock(mutex_);
  for (const TallyChange& change : changes) {
    MF_ASSERT(!change.queue.empty());
    auto found = queues_.find(change.queue);
    if (found == queues_.end()) found = queues_.try_emplace(std::string(change.queue)).first;
    Queue& queue = found->second;
    queue.Forget(GrainOf(now));
    queue.items += change.delta;
    const int64_t grain = GrainOf(change.available_at);
    if (grain > GrainOf(now)) queue.Add(grain, change.leased, change.delta);
    if (queue.items <= 0 && queue.future.empty()) queues_.erase(found);
  }
}

void QueueTally::Load(const std::string& queue, int64_t items) {
  std::lock_guard lock(mutex_);
  MF_ASSERT(!queues_.contains(queue));
  queues_[queue].items = items;
}

void QueueTally::LoadLater(const std::string& queue, WallTime available_at, bool leased) {
  std::lock_guard lock(mutex_);
  queues_[queue].Add(GrainOf(available_at), leased, 1);
}

void QueueTally::Clear() {
  std::lock_guard lock(mutex_);
  queues_.clear();
}

QueueCounts QueueTally::Counts(std::string_view name, WallTime now) const {
  std::lock_guard lock(mutex_);
  const auto found = queues_.find(name);
  if (found == queues_.end()) return {};
  Queue& queue = found->second;
  queue.Forget(GrainOf(now));
  const QueueCounts counts{.items = queue.items, .leased = queue.later.leased, .delayed = queue.later.delayed};
  if (queue.items <= 0 && queue.future.empty()) queues_.erase(found);
  return counts;
}

std::vector<std::string> QueueTally::Names() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  names.reserve(queues_.size());
  for (const auto& [name, queue] : queues_) {
    if (queue.items > 0) names.push_back(name);
  }
  return names;
}

}  // namespace mayfly::store
