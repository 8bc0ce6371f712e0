// QueueTally: how many items each queue has, and how many of them are not due, without looking at the items.
//
// An engine tells it every change once the change is durable. Items that are not due are counted by the instant at which they
// will be, in grains of kTallyGrain, so that time itself needs no telling: memory grows with the number of distinct instants,
// not of items. Any thread.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "store/store.h"

namespace mayfly::store {

inline constexpr Duration kTallyGrain{1 << 27};  // 134 ms

// One item more or less. `queue` is whoever's that makes the change.
struct TallyChange {
  std::string_view queue;
  WallTime available_at{};
  bool leased = false;
  int64_t delta = 0;  // 1 or -1
};

class QueueTally {
 public:
  void Apply(const std::vector<TallyChange>& changes, WallTime now);
  // At the opening of a store: the number of all items of a queue, and each of those that are not due.
  void Load(const std::string& queue, int64_t items);
  void LoadLater(const std::string& queue, WallTime available_at, bool leased);
  void Clear();

  QueueCounts Counts(std::string_view queue, WallTime now) const;
  std::vector<std::string> Names() const;

 private:
  struct Grain {
    int64_t leased = 0;
    int64_t delayed = 0;
  };
  struct Queue {
    int64_t items = 0;
    Grain later;  // the sum of `future`
    // Of grains that may be in the future; those that have passed are forgotten with the next change or count.
    std::map<int64_t, Grain> future;

    void Forget(int64_t until);
    void Add(int64_t grain, bool leased, int64_t delta);
  };
  using Queues = std::map<std::string, Queue, std::less<>>;

  mutable std::mutex mutex_;
  mutable Queues queues_;
};

}  // namespace mayfly::store
