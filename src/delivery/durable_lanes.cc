#include "delivery/durable_lanes.h"

#include <algorithm>
#include <deque>
#include <set>

#include "base/count_guard.h"
#include "base/log.h"
#include "delivery/backoff.h"

namespace mayfly::delivery {
namespace {

constexpr size_t kLeaseCountMax = 64;
constexpr uint64_t kLeaseBytesMax = 4u << 20;
constexpr size_t kReleaseCountMax = 500;
// A lane that has been busy tries one more at once after so many times its window of successes: each try may be in vain.
constexpr int kGrowthCredit = 4;
// A lane whose items wait no longer than this needs no larger window: it would only start environments.
constexpr Duration kLagTolerated = std::chrono::milliseconds(50);
constexpr Duration kCommitRetryMin = std::chrono::milliseconds(100);
constexpr Duration kCommitRetryMax = std::chrono::seconds(10);

}  // namespace

struct DurableLanes::Item {
  int64_t id = 0;
  std::string payload;
  uint64_t generation = 0;
  TimePoint ready_at{};
};

struct DurableLanes::Lane {
  explicit Lane(std::string name) : name(std::move(name)) {}

  const std::string name;
  LaneWorker* worker = nullptr;
  bool in_order = false;
  std::deque<Item> ready;
  std::unordered_set<int64_t> held;    // ready, at work, or waiting for the commit of their verdict
  size_t places = 0;                   // held, and those that will be when their append is durable
  std::optional<WallTime> stored_due;  // when a lease may find something; nullopt: nothing but what is held
  WallTime lease_as_of{};              // when the next lease is to be for a later time than now
  uint64_t appended_to_disk = 0;       // counts, to notice one that came between
  int running = 0;
  int window = 0;
  int threshold = 0;  // below, each success makes the window larger; above, some windows of successes do
  int credit = 0;
  bool lags = false;  // the item that was begun last had waited
  int busy_in_row = 0;
  TimePoint paused_until{};
  Loop::TimerId timer = 0;
  TimePoint timer_at{};
  bool refilling = false;
  std::list<Lane*>* ring = nullptr;     // in which it waits for its turn …
  std::list<Lane*>::iterator position;  // … and where
  int users = 0;                        // Use
  bool resting = false;                 // it is in resting_
  bool used_since = false;              // since it came to lie where it lies there
};

// Keeps a lane from being forgotten, across the suspensions of whoever has it.
class DurableLanes::Use {
 public:
  Use(DurableLanes& lanes, Lane& lane) : lanes_(&lanes), lane_(&lane) { ++lane_->users; }
  Use(Use&& other) noexcept : lanes_(std::exchange(other.lanes_, nullptr)), lane_(other.lane_) {}
  Use& operator=(Use&&) = delete;
  ~Use() {
    if (!lanes_) return;
    MF_ASSERT(lane_->users > 0);
    if (--lane_->users == 0) lanes_->Rest(*lane_);
  }
  Lane& lane() const { return *lane_; }

 private:
  DurableLanes* lanes_;
  Lane* lane_;
};

// An append on its way, with room in memory where there is some; given back unless it is kept.
class DurableLanes::Place {
 public:
  Place(DurableLanes& lanes, Lane& lane, size_t bytes, bool in_memory) : use_(lanes, lane), lanes_(&lanes), bytes_(in_memory ? bytes : 0), in_memory_(in_memory) {
    if (!in_memory_) return;
    lanes_->held_bytes_ += bytes_;
    ++lane.places;
  }
  Place(Place&& other) noexcept
      : use_(std::move(other.use_)), lanes_(std::exchange(other.lanes_, nullptr)), bytes_(other.bytes_), in_memory_(other.in_memory_) {}
  Place& operator=(Place&&) = delete;
  ~Place() {
    if (!lanes_ || !in_memory_) return;
    lanes_->held_bytes_ -= bytes_;
    --lane().places;
  }
  // Its item is held now.
  void Keep() { lanes_ = nullptr; }
  Lane& lane() const { return use_.lane(); }
  bool in_memory() const { return in_memory_; }

 private:
  Use use_;
  DurableLanes* lanes_;
  size_t bytes_;
  bool in_memory_;
};

DurableLanes::DurableLanes(Loop& loop, store::Store& store, Random& random, LaneOptions options)
    : loop_(&loop), store_(&store), random_(&random), options_(options), wall_start_(loop.WallNow()), mono_start_(loop.Now()), ended_(loop),
      tasks_(loop) {}

DurableLanes::~DurableLanes() {
  for (const auto& [name, lane] : lanes_) loop_->CancelTimer(lane->timer);
}

DurableLanes::Worker DurableLanes::WorkerOf(std::string_view lane) const {
  const auto found = workers_.find(lane.substr(0, lane.find('/')));
  return found == workers_.end() ? Worker() : found->second;
}

DurableLanes::Lane& DurableLanes::LaneOf(const std::string& name) {
  std::unique_ptr<Lane>& lane = lanes_[name];
  if (!lane) {
    lane = std::make_unique<Lane>(name);
    const Worker worker = WorkerOf(name);
    lane->worker = worker.worker;
    lane->in_order = worker.order == Order::InOrder;
    lane->window = lane->in_order ? 1 : options_.window_start;
    lane->threshold = options_.window_max;
  }
  return *lane;
}

// Lanes that became busy together should not come back together.
Duration DurableLanes::PauseAfter(int failures) {
  const Duration backoff = Backoff(failures, options_.backoff_min, options_.backoff_max);
  return std::min(backoff + Duration(static_cast<int64_t>(static_cast<double>(backoff.count()) * 0.1 * random_->Unit())), options_.backoff_max);
}

// ---------------------------------------------------------------- appending

bool DurableLanes::HasBacklog(const Lane& lane) const { return lane.stored_due && *lane.stored_due <= Time(); }

// The last part of the memory is for lanes that hold nothing yet: others' backlogs shall not send them to the disk.
uint64_t DurableLanes::RoomFor(const Lane& lane) const {
  const uint64_t most = lane.places == 0 ? options_.memory_bytes_max : options_.memory_bytes_max / 8 * 7;
  return most > held_bytes_ ? most - held_bytes_ : 0;
}

bool DurableLanes::HasRoom(const Lane& lane, size_t bytes) const {
  return !stopping_ && lane.worker && !HasBacklog(lane) && lane.places < kLaneHeldMax && bytes <= RoomFor(lane);
}

DurableLanes::Place DurableLanes::StageAppend(store::Batch& batch, Lane& lane, const std::string& payload) {
  Place place(*this, lane, payload.size(), HasRoom(lane, payload.size()));
  if (place.in_memory()) {
    batch.AppendLeased(lane.name, payload, Time() + options_.lease);
  } else {
    batch.Append(lane.name, payload, Time());
  }
  return place;
}

void DurableLanes::FinishAppend(Place& place, int64_t id, std::string payload) {
  Lane& lane = place.lane();
  if (place.in_memory()) {
    place.Keep();
    Take(lane, {id, std::move(payload), generation_});
  } else {
    NoteStored(lane, Time());
  }
  Wake(lane);
}

void DurableLanes::NoteStored(Lane& lane, WallTime due) {
  ++lane.appended_to_disk;
  lane.stored_due = std::min(lane.stored_due.value_or(WallTime::max()), due);
}

Task<Result<>> DurableLanes::Append(Context& ctx, LaneItem item) {
  const uint64_t generation = generation_;
  const Use use(*this, LaneOf(item.lane));
  Result<store::Committed> committed;
  {
    store::Batch batch;
    Place place = StageAppend(batch, use.lane(), item.payload);
    committed = co_await store_->Commit(ctx, std::move(batch));
    if (committed && generation == generation_) FinishAppend(place, committed->appended.front(), std::move(item.payload));
  }
  if (committed) co_return Result<>();
  Wake(use.lane());  // what it stood in the way of
  co_return Fail(std::move(committed).error());
}

Task<Result<>> DurableLanes::AppendAll(Context& ctx, std::vector<LaneItem> items) {
  if (items.empty()) co_return Result<>();
  const uint64_t generation = generation_;
  Result<store::Committed> committed;
  {
    store::Batch batch;
    std::vector<Place> places;
    for (const LaneItem& item : items) places.push_back(StageAppend(batch, LaneOf(item.lane), item.payload));
    committed = co_await store_->Commit(ctx, std::move(batch));
    if (committed && generation == generation_) {
      for (size_t i = 0; i < places.size(); ++i) FinishAppend(places[i], committed->appended[i], std::move(items[i].payload));
    }
  }
  if (committed) co_return Result<>();
  for (const LaneItem& item : items) {
    const Use use(*this, LaneOf(item.lane));
    Wake(use.lane());
  }
  co_return Fail(std::move(committed).error());
}

// Its place has been counted.
void DurableLanes::Take(Lane& lane, Item item) {
  const bool is_new = lane.held.insert(item.id).second;
  MF_ASSERT(is_new && lane.held.size() <= lane.places);
  item.ready_at = loop_->Now();
  lane.ready.push_back(std::move(item));
}

void DurableLanes::Release(Lane& lane, const Item& item) {
  if (lane.held.erase(item.id) == 0) return;
  MF_ASSERT(lane.places > 0 && held_bytes_ >= item.payload.size());
  --lane.places;
  held_bytes_ -= item.payload.size();
}

// ---------------------------------------------------------------- beginning

bool DurableLanes::CanBegin(const Lane& lane) const {
  return !stopping_ && !lane.ready.empty() && lane.running < lane.window && lane.paused_until <= loop_->Now();
}

void DurableLanes::Wake(Lane& lane) {
  const Use use(*this, lane);
  if (stopping_ || !lane.worker) return;
  if (CanBegin(lane)) Enqueue(lane);
  if (NeedsRefill(lane)) {
    lane.refilling = true;
    tasks_.Spawn(Refill(lane));
  }
  const TimePoint now = loop_->Now();
  if (lane.paused_until > now && !lane.ready.empty()) {
    WakeAt(lane, lane.paused_until);
  } else if (lane.stored_due && *lane.stored_due > Time()) {
    WakeAt(lane, now + std::min<Duration>(*lane.stored_due - Time(), options_.delay_max));
  }
}

void DurableLanes::Enqueue(Lane& lane) {
  std::list<Lane*>& ring = lane.running == 0 ? idle_ring_ : busy_ring_;
  if (lane.ring == &ring) return;
  if (lane.ring) {
    ring.splice(ring.end(), *lane.ring, lane.position);
  } else {
    lane.position = ring.insert(ring.end(), &lane);
  }
  lane.ring = &ring;
  SchedulePump();
}

DurableLanes::Lane& DurableLanes::PopFront(std::list<Lane*>& ring) {
  Lane& lane = *ring.front();
  ring.pop_front();
  lane.ring = nullptr;
  return lane;
}

void DurableLanes::WakeAt(Lane& lane, TimePoint when) {
  if (lane.timer && lane.timer_at <= when) return;
  loop_->CancelTimer(lane.timer);
  lane.timer_at = when;
  lane.timer = loop_->CallAt(when, [this, &lane] {
    lane.timer = 0;
    // What a clock that was far ahead has stored for a distant time is due now.
    if (lane.stored_due && *lane.stored_due > Time() + options_.delay_max) {
      lane.lease_as_of = *lane.stored_due;
      lane.stored_due = Time();
    }
    Wake(lane);
  });
}

// After what is running now: whoever appended answers first.
void DurableLanes::SchedulePump() {
  if (std::exchange(pump_scheduled_, true)) return;
  loop_->Post([self = std::weak_ptr(self_)] {
    const auto lanes = self.lock();
    if (!lanes) return;
    (*lanes)->pump_scheduled_ = false;
    (*lanes)->Pump();
  });
}

void DurableLanes::Pump() {
  while (!idle_ring_.empty()) {
    const Use use(*this, PopFront(idle_ring_));
    if (CanBegin(use.lane())) Begin(use.lane());
    Wake(use.lane());
  }
  while (!busy_ring_.empty() && running_ < options_.running_max) {
    const Use use(*this, PopFront(busy_ring_));
    if (CanBegin(use.lane())) Begin(use.lane());
    Wake(use.lane());
  }
}

void DurableLanes::Begin(Lane& lane) {
  Item item = std::move(lane.ready.front());
  lane.ready.pop_front();
  lane.lags = HasBacklog(lane) || loop_->Now() - item.ready_at > kLagTolerated;
  tasks_.Spawn(WorkOn(lane, std::move(item)));
}

// ---------------------------------------------------------------- working

Task<> DurableLanes::WorkOn(Lane& lane, Item item) {
  const Use use(*this, lane);
  Verdict verdict;
  {
    const CountGuard of_lane(lane.running), of_all(running_);
    Context ctx(*loop_);
    verdict = co_await lane.worker->Work(ctx, item.payload);
  }
  if (item.generation != generation_) {
    Release(lane, item);
  } else if (verdict.kind == Verdict::Kind::Busy) {
    NoteBusy(lane, verdict);
    lane.ready.push_front(std::move(item));
  } else if (lane.in_order && verdict.kind == Verdict::Kind::Later) {
    KeepPlace(lane, std::move(item), std::move(verdict));
  } else {
    if (verdict.kind != Verdict::Kind::Dropped) NoteSuccess(lane);
    tasks_.Spawn(Settle(lane, std::move(item), std::move(verdict)));
  }
  Wake(lane);
  if (!busy_ring_.empty()) SchedulePump();
  ended_.Pulse();
}

// The item stays the first of its lane, and what has failed so far is remembered until a restart.
void DurableLanes::KeepPlace(Lane& lane, Item item, Verdict verdict) {
  MF_ASSERT(verdict.follow_ups.empty() && verdict.payload.size() == item.payload.size());
  item.payload = std::move(verdict.payload);
  lane.paused_until = loop_->Now() + std::max(verdict.delay, Duration(1));
  lane.ready.push_front(std::move(item));
}

void DurableLanes::NoteSuccess(Lane& lane) {
  lane.busy_in_row = 0;
  lane.paused_until = {};
  if (lane.in_order || !lane.lags || lane.window >= options_.window_max) return;
  if (lane.window >= lane.threshold && ++lane.credit < kGrowthCredit * lane.window) return;
  lane.credit = 0;
  ++lane.window;
}

// While others of the lane are at work, the end of one of them tells that there is room again; else only time can.
void DurableLanes::NoteBusy(Lane& lane, const Verdict& verdict) {
  if (lane.busy_in_row == 0) lane.threshold = std::max(1, lane.window / 2);
  lane.window = std::max(1, lane.running);
  lane.credit = 0;
  lane.paused_until = loop_->Now() + std::min(PauseAfter(++lane.busy_in_row), std::max(verdict.delay, Duration(1)));
}

// Makes a verdict durable, however long it takes.
Task<> DurableLanes::Settle(Lane& lane, Item item, Verdict verdict) {
  MF_ASSERT(verdict.kind != Verdict::Kind::Busy);
  const bool again = verdict.kind == Verdict::Kind::Later;
  const Use use(*this, lane);
  Context ctx(*loop_);
  ctx.stop = tasks_.stop_token();
  for (Duration wait = kCommitRetryMin;; wait = std::min(wait * 2, kCommitRetryMax)) {
    store::Batch batch;
    batch.Acknowledge(lane.name, item.id);
    const WallTime due = Time() + verdict.delay;
    std::vector<Place> places;
    for (LaneItem& next : verdict.follow_ups) places.push_back(StageAppend(batch, LaneOf(next.lane), next.payload));
    if (again) batch.Append(lane.name, verdict.payload, due);
    const auto committed = co_await store_->Commit(ctx, std::move(batch));
    if (item.generation != generation_) co_return Release(lane, item);
    if (!committed) {
      log::Warning("what became of an event of {} cannot be stored yet: {}", lane.name, committed.error().ToString());
      if (!co_await Sleep(ctx, wait)) co_return;
      continue;
    }
    Release(lane, item);
    if (again) NoteStored(lane, due);
    for (size_t i = 0; i < places.size(); ++i) FinishAppend(places[i], committed->appended[i], std::move(verdict.follow_ups[i].payload));
    Wake(lane);
    ended_.Pulse();
    co_return;
  }
}

// ---------------------------------------------------------------- the backlog on disk

bool DurableLanes::NeedsRefill(const Lane& lane) const {
  if (lane.refilling || stopping_ || !HasBacklog(lane) || lane.paused_until > loop_->Now()) return false;
  if (lane.places == 0) return true;
  return lane.ready.size() < kLeaseCountMax / 2 && lane.places < kLaneHeldMax && RoomFor(lane) > 0;
}

Task<> DurableLanes::Refill(Lane& lane) {
  const Use use(*this, lane);
  store::LeaseWish wish{.count = kLeaseCountMax, .lease = options_.lease, .bytes_max = std::clamp<uint64_t>(RoomFor(lane), 1, kLeaseBytesMax)};
  wish.as_of = std::max(Time(), std::exchange(lane.lease_as_of, {}));
  const uint64_t generation = generation_;
  const uint64_t appended = lane.appended_to_disk;
  Context ctx(*loop_);
  ctx.stop = tasks_.stop_token();
  held_bytes_ += wish.bytes_max;  // until they are here, so that lanes that are refilled at once do not take the room twice
  auto leased = co_await store_->Lease(ctx, lane.name, wish);
  held_bytes_ -= wish.bytes_max;
  if (generation == generation_) {
    if (!leased) {
      log::Warning("events of {} cannot be read: {}", lane.name, leased.error().ToString());
      lane.stored_due = Time() + options_.backoff_min;
    } else {
      for (store::QueueItem& item : leased->items) {
        // One that is held already had its lease renewed.
        if (lane.held.contains(item.id)) continue;
        ++lane.places;
        held_bytes_ += item.payload.size();
        Take(lane, {item.id, std::move(item.payload), generation_});
      }
      if (leased->items.size() < wish.count) SetDue(lane, leased->next_due, appended);
    }
  }
  lane.refilling = false;
  Wake(lane);
}

// The store has told when it will have something of the lane; `appended` items had been stored when it was asked.
void DurableLanes::SetDue(Lane& lane, std::optional<WallTime> due, uint64_t appended) {
  if (appended != lane.appended_to_disk && lane.stored_due) due = std::min(due.value_or(WallTime::max()), *lane.stored_due);
  lane.stored_due = due;
}

void DurableLanes::Open() {
  for (const std::string& name : store_->QueueNames()) {
    Lane& lane = LaneOf(name);
    lane.stored_due = Time();
    if (!lane.worker) log::Warning("{} has events, but nothing here works on them", name);
  }
  tasks_.Spawn(Recover());
}

// One lane after the other: with a hundred thousand of them, new events must not wait for all.
Task<> DurableLanes::Recover() {
  Context ctx(*loop_);
  ctx.stop = tasks_.stop_token();
  std::vector<Use> found;
  for (const auto& [name, lane] : lanes_) found.emplace_back(*this, *lane);
  for (; !found.empty(); found.pop_back()) {
    Lane& lane = found.back().lane();
    const uint64_t appended = lane.appended_to_disk;
    const uint64_t generation = generation_;
    auto due = co_await store_->NextDue(ctx, lane.name);
    if (ctx.stop.stop_requested() || generation != generation_) co_return;
    SetDue(lane, due ? *due : std::optional(Time() + options_.backoff_min), appended);
    Wake(lane);
  }
}

// ---------------------------------------------------------------- lanes that hold nothing

// The time that the store tells may be that of a lease of ours that has ended by now: then only its count says that it has nothing.
bool DurableLanes::IsEmpty(const Lane& lane) const {
  return lane.users == 0 && lane.places == 0 && (!lane.stored_due || store_->Counts(lane.name).items == 0);
}

// Whoever had the lane has done with it: it may be the last one, and the lane may be gone afterwards.
void DurableLanes::Rest(Lane& lane) {
  lane.used_since = true;
  if (lane.resting || !IsEmpty(lane)) return;
  lane.stored_due.reset();
  loop_->CancelTimer(std::exchange(lane.timer, 0));
  lane.resting = true;
  lane.used_since = false;
  resting_.push_back(&lane);
  while (resting_.size() > options_.resting_max) ForgetOne();
}

// One that has been used since it came to rest gets another round; one that has something is no more among them.
void DurableLanes::ForgetOne() {
  Lane& lane = *resting_.front();
  MF_ASSERT(lane.resting);
  if (!IsEmpty(lane)) {
    lane.resting = false;
    return resting_.pop_front();
  }
  if (std::exchange(lane.used_since, false)) return resting_.splice(resting_.end(), resting_, resting_.begin());
  resting_.pop_front();
  Forget(lane);
}

void DurableLanes::Forget(Lane& lane) {
  MF_ASSERT(lane.users == 0 && lane.places == 0 && lane.running == 0 && !lane.refilling);
  MF_ASSERT(lane.held.empty() && lane.ready.empty());
  loop_->CancelTimer(lane.timer);
  if (lane.ring) lane.ring->erase(lane.position);
  const size_t forgotten = lanes_.erase(std::string(lane.name));
  MF_ASSERT(forgotten == 1);
}

// ---------------------------------------------------------------- the end

size_t DurableLanes::held() const {
  size_t held = 0;
  for (const auto& [name, lane] : lanes_) held += lane->held.size();
  return held;
}

int64_t DurableLanes::stored() const {
  int64_t stored = 0;
  for (const auto& [name, lane] : lanes_) stored += store_->Counts(name).items;
  return stored;
}

Task<> DurableLanes::Stop(TimePoint until) {
  Pause();
  const auto settling = [this] {
    return std::ranges::any_of(lanes_, [](const auto& entry) { return entry.second->held.size() > entry.second->ready.size(); });
  };
  while (settling() && loop_->Now() < until) {
    if (!co_await ended_.WaitUntil(until)) break;
  }
  tasks_.Stop();
  Context ctx(*loop_);
  std::vector<std::pair<std::string, int64_t>> waiting;
  std::set<std::string_view> in_order;
  for (const auto& [name, lane] : lanes_) {
    loop_->CancelTimer(std::exchange(lane->timer, 0));
    if (lane->in_order) in_order.insert(name);
    for (const Item& item : lane->ready) waiting.emplace_back(name, item.id);
  }
  for (size_t at = 0; at < waiting.size(); at += kReleaseCountMax) {
    store::Batch batch;
    for (size_t i = at; i < std::min(waiting.size(), at + kReleaseCountMax); ++i) {
      const auto& [name, id] = waiting[i];
      batch.Release(name, id, in_order.contains(name) ? WallTime() : Time());  // before what its lane has on disk
    }
    if (auto released = co_await store_->Commit(ctx, std::move(batch)); !released) {
      log::Warning("events that were not begun stay leased: {}", released.error().ToString());
      co_return;
    }
  }
}

Task<Result<>> DurableLanes::Clear(Context& ctx) {
  MF_CO_TRY_VOID(co_await store_->Clear(ctx));
  ++generation_;
  std::vector<Use> all;
  for (const auto& [name, lane] : lanes_) all.emplace_back(*this, *lane);
  for (const Use& use : all) {
    Lane& lane = use.lane();
    for (const Item& item : std::exchange(lane.ready, {})) Release(lane, item);
    lane.stored_due.reset();
    lane.paused_until = {};
    lane.busy_in_row = 0;
  }
  co_return Result<>();
}

}  // namespace mayfly::delivery
