// DurableLanes: many durable queues in one store ("lanes": one per function, one per delivery target), worked on fairly.
//
// Append makes an item durable; then a worker is given it, and says what becomes of it: it is done, it is to be tried later,
// or the lane is busy. One per daemon, on its strand. `store` is its own (DATA/events.db). Callers: EventQueue, whoever owes
// deliveries (owed_delivery.h).
//
// How it waits: an item that finds its lane free of backlog is kept in memory as well, leased from the beginning: it is
// worked on as soon as it is durable, without another look at the disk and without a timer. The others stay on disk and are
// leased some at a time.
// Fairness: a lane's items wait only for items of the same lane. Each lane has a window of items at work, which grows while
// they succeed and others wait, and shrinks when the lane is busy; a busy lane with nothing at work pauses, from backoff_min, doubled up to
// backoff_max. Beyond `running_max` items at work in all, a lane gets one more only when it has none.
// Promises: what was appended is worked on until its verdict is durable; a crash repeats an item and loses none. The order
// is about that of arrival. Time is monotonic: jumps of the wall clock while the daemon runs change nothing.
// Bounds: `memory_bytes_max` of items in memory, beyond which each lane with a backlog holds one; kLaneHeldMax per lane. A lane
// whose last item has ended rests: it is kept, with the window that it has learnt, as long as no more than `resting_max` do;
// then the one that was used longest ago is forgotten. So memory follows what is owed, not how many names have passed.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/event.h"
#include "base/random.h"
#include "base/task_scope.h"
#include "store/store.h"

namespace mayfly::delivery {

struct LaneItem {
  std::string lane;  // "KIND/NAME"; the kind says which worker
  std::string payload;
};

// What becomes of an item.
struct Verdict {
  enum class Kind : unsigned char {
    Done,     // it was worked on
    Dropped,  // it ended without having been worked on
    Later,    // `payload` takes its place, after `delay`
    Busy,     // nothing happened: again, when the lane is no longer busy, but after `delay` at the latest
  };
  Kind kind = Kind::Done;
  std::string payload;
  Duration delay{};
  std::vector<LaneItem> follow_ups;  // appended in the same commit; not with Busy
};

class LaneWorker {
 public:
  virtual ~LaneWorker() = default;
  // `payload` outlives the task. Never fails: what fails is a verdict.
  virtual Task<Verdict> Work(Context& ctx, const std::string& payload) = 0;
};

struct LaneOptions {
  int running_max = 1000;
  int window_start = 16;
  int window_max = 1000;
  uint64_t memory_bytes_max = 64ull << 20;
  Duration backoff_min = std::chrono::seconds(1);
  Duration backoff_max = std::chrono::minutes(5);
  Duration lease = std::chrono::minutes(30);
  size_t resting_max = 1000;  // lanes that hold nothing and are remembered
  Duration delay_max = std::chrono::hours(1);  // no item waits longer for its time, whatever a clock said when it was stored
};

inline constexpr size_t kLaneHeldMax = 2000;

class DurableLanes {
 public:
  DurableLanes(Loop& loop, store::Store& store, Random& random, LaneOptions options);
  ~DurableLanes();
  // Works on lanes of `kind`. Before Open; `worker` outlives the lanes. InOrder: of such a lane one item at a time is worked on, and the
  // next one when it has ended; Later keeps its place, with its payload (which has the same size) in memory only.
  enum class Order : unsigned char { OfArrivalAbout, InOrder };
  void AddWorker(std::string kind, LaneWorker& worker, Order order = Order::OfArrivalAbout) { workers_.emplace(std::move(kind), Worker{&worker, order}); }
  // Finds what an earlier daemon has left, and goes on with it in the background.
  void Open();

  // Success: the item is durable. Errors: of the store (nothing was appended); the wait for room ends with ctx.
  Task<Result<>> Append(Context& ctx, LaneItem item);
  // All of them or none. Nothing to append: at once.
  Task<Result<>> AppendAll(Context& ctx, std::vector<LaneItem> items);

  // No item is begun any more; what is appended is kept for the next start.
  void Pause() { stopping_ = true; }
  // Pauses, waits for what is at work until `until`, hands back what was not begun.
  Task<> Stop(TimePoint until);
  // Forgets everything (POST /_mayfly/reset). What is at work goes on, its verdict counts for nothing.
  Task<Result<>> Clear(Context& ctx);

  int running() const { return running_; }
  size_t held_bytes() const { return held_bytes_; }
  // Items that are in memory or at work.
  size_t held() const;
  // Lanes that hold something, or rest.
  size_t lanes() const { return lanes_.size(); }
  // All items, those on disk included.
  int64_t stored() const;
  // The wall clock as of the start, going on monotonically.
  WallTime Time() const { return wall_start_ + (loop_->Now() - mono_start_); }

 private:
  struct Lane;
  struct Item;
  class Use;
  class Place;
  Lane& LaneOf(const std::string& name);
  struct Worker {
    LaneWorker* worker = nullptr;
    Order order = Order::OfArrivalAbout;
  };
  Worker WorkerOf(std::string_view lane) const;
  void KeepPlace(Lane& lane, Item item, Verdict verdict);
  bool HasBacklog(const Lane& lane) const;  // on disk, and due
  uint64_t RoomFor(const Lane& lane) const;
  bool HasRoom(const Lane& lane, size_t bytes) const;
  void Take(Lane& lane, Item item);
  void Wake(Lane& lane);
  void WakeAt(Lane& lane, TimePoint when);
  bool CanBegin(const Lane& lane) const;
  void Enqueue(Lane& lane);
  Lane& PopFront(std::list<Lane*>& ring);
  void SchedulePump();
  void Pump();
  void Begin(Lane& lane);
  Task<> WorkOn(Lane& lane, Item item);
  Task<> Settle(Lane& lane, Item item, Verdict verdict);
  void NoteSuccess(Lane& lane);
  void NoteBusy(Lane& lane, const Verdict& verdict);
  void Release(Lane& lane, const Item& item);
  bool NeedsRefill(const Lane& lane) const;
  Task<> Refill(Lane& lane);
  void SetDue(Lane& lane, std::optional<WallTime> due, uint64_t appended);
  Task<> Recover();
  Duration PauseAfter(int failures);
  Place StageAppend(store::Batch& batch, Lane& lane, const std::string& payload);
  void FinishAppend(Place& place, int64_t id, std::string payload);
  void NoteStored(Lane& lane, WallTime due);
  bool IsEmpty(const Lane& lane) const;
  void Rest(Lane& lane);
  void ForgetOne();
  void Forget(Lane& lane);

  Loop* loop_;
  store::Store* store_;
  Random* random_;
  LaneOptions options_;
  const WallTime wall_start_;
  const TimePoint mono_start_;
  std::map<std::string, Worker, std::less<>> workers_;
  std::unordered_map<std::string, std::unique_ptr<Lane>> lanes_;
  std::list<Lane*> idle_ring_;  // lanes with work and nothing running: begun at once
  std::list<Lane*> busy_ring_;  // lanes with work and something running, in turn
  std::list<Lane*> resting_;    // lanes that have become empty, oldest first; some may have something again
  size_t held_bytes_ = 0;
  int running_ = 0;
  uint64_t generation_ = 0;  // counts Clear
  bool pump_scheduled_ = false;
  bool stopping_ = false;
  Event ended_;  // pulsed when an item has ended
  std::shared_ptr<DurableLanes*> self_ = std::make_shared<DurableLanes*>(this);  // for what was posted: weak
  TaskScope tasks_;
};

}  // namespace mayfly::delivery
