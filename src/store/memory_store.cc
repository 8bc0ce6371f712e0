#include <algorithm>
#include <map>
#include <set>

#include "base/random.h"
#include "store/write_admission.h"
#include "store/batch_rules.h"
#include "store/listeners.h"
#include "store/queue_tally.h"
#include "store/store.h"

namespace mayfly::store {
namespace {

using RowListeners = Listeners<const RowChanges&>;

struct StoredItem {
  std::string payload;
  WallTime appended_at{};
  WallTime available_at{};
  int attempts = 0;
  WallTime first_leased_at{};
  bool leased = false;
  std::string group;
};

struct StoredQueue {
  using Items = std::map<int64_t, StoredItem>;
  Items items;
  std::set<std::pair<WallTime, int64_t>> by_time;
  std::map<std::string, std::set<int64_t>> groups;  // of an ordered queue: none is empty

  // The first items of the groups that are due, by when they became so.
  std::set<std::pair<WallTime, int64_t>> Heads() const {
    std::set<std::pair<WallTime, int64_t>> heads;
    for (const auto& [group, ids] : groups) heads.insert({items.at(*ids.begin()).available_at, *ids.begin()});
    return heads;
  }
  // Of all groups, what may be leased at `now`, in order.
  std::vector<int64_t> Available(WallTime now) const {
    std::vector<int64_t> available;
    for (const auto& [due, head] : Heads()) {
      for (const int64_t id : groups.at(items.at(head).group)) {
        if (items.at(id).available_at > now) break;
        available.push_back(id);
      }
    }
    return available;
  }
  std::vector<int64_t> AvailableUngrouped(WallTime now) const {
    std::vector<int64_t> available;
    for (auto item = by_time.begin(); item != by_time.end() && item->first <= now; ++item) available.push_back(item->second);
    return available;
  }
};

// An item that was appended once, and until when no other one of its key is.
struct Once {
  int64_t id = 0;
  WallTime until{};
  std::string note;
};

// The rows, queues and rules, without time. Shared with work that is on its way, so that an accepted commit happens even
// when its caller or the store has gone.
class MemoryState {
 public:
  MemoryState(Loop& loop, uint64_t seed) : random(seed), admission(loop, {kWaitingBytesMax, kWaitingBatchesMax}) {}

  Result<Committed> Apply(Batch& batch, WallTime now) {
    for (const Batch::Step& step : batch.steps()) {
      if (IsPrecondition(step.kind) && !Holds(step)) return Fail(PreconditionFailed(step));
    }
    const int64_t version = ChangesRows(batch) ? ++sequence_ : 0;
    std::vector<Batch::Step> found;
    for (Batch::Step& step : batch.steps()) {
      if (step.kind == Batch::Step::Kind::DeleteUnder) DeleteUnder(step, found);
      else Change(step, version, now);
    }
    std::ranges::move(found, std::back_inserter(batch.steps()));
    ForgetVainDeletes(batch);
    ++counters.batches;
    for (const auto& [table, changes] : ChangesOf(batch, version)) RowListeners::Call(watches.Of(table), changes);
    return Committed{.version = version, .appended = AppendedIds(batch), .repeated = RepeatedAppends(batch)};
  }

  std::optional<Row> Get(const std::string& table, const std::string& key) const {
    const auto rows = tables_.find(table);
    if (rows == tables_.end()) return std::nullopt;
    const auto row = rows->second.find(key);
    return row == rows->second.end() ? std::nullopt : std::optional(row->second);
  }

  std::vector<Row> Scan(const std::string& table, const std::string& prefix, const std::string& from, size_t limit) const {
    std::vector<Row> found;
    const auto rows = tables_.find(table);
    if (rows == tables_.end()) return found;
    for (auto row = rows->second.lower_bound(std::max(prefix, from)); row != rows->second.end(); ++row) {
      if (found.size() >= limit || !row->first.starts_with(prefix)) break;
      found.push_back(row->second);
    }
    return found;
  }

  LeasedItems Lease(const std::string& name, const LeaseWish& wish, WallTime wall_now) {
    const WallTime now = wish.as_of.value_or(wall_now);
    LeasedItems leased;
    const auto queue = queues_.find(name);
    if (queue == queues_.end()) return leased;
    size_t left = wish.count;
    if (wish.leased_max != INT64_MAX) {
      const int64_t held = tally.Counts(name, now).leased;
      left = std::min(left, static_cast<size_t>(std::max<int64_t>(0, wish.leased_max - held)));
    }
    leased.limited = left < wish.count;
    std::vector<int64_t> ids;
    size_t bytes = 0;
    for (const int64_t id : wish.grouped ? queue->second.Available(now) : queue->second.AvailableUngrouped(now)) {
      if (ids.size() >= left || bytes >= wish.bytes_max) break;
      const size_t payload_bytes = queue->second.items.at(id).payload.size();
      if (!ids.empty() && bytes + payload_bytes > wish.bytes_max) break;
      ids.push_back(id);
      bytes += payload_bytes;
    }
    for (const int64_t id : ids) {
      const auto item = queue->second.items.find(id);
      MF_ASSERT(item != queue->second.items.end() && item->second.available_at <= now);
      Move(name, queue->second, item, LeaseEnd(now, wish.lease), true, now);
      if (item->second.first_leased_at == WallTime()) item->second.first_leased_at = now;
      leased.items.push_back({id, item->second.payload, item->second.appended_at, ++item->second.attempts, item->second.first_leased_at});
    }
    if (leased.items.size() < wish.count) leased.next_due = wish.grouped ? FirstHead(queue->second) : NextDue(name);
    return leased;
  }

  std::vector<LeaseOutcome> ChangeLeases(const std::string& name, const std::vector<LeaseChange>& changes, WallTime now) {
    std::vector<LeaseOutcome> changed;
    StoredQueue& queue = queues_[name];
    for (const LeaseChange& change : changes) {
      const auto item = queue.items.find(change.id);
      const bool found = item != queue.items.end();
      const bool held = found && item->second.leased && item->second.attempts == change.attempt && item->second.available_at > now;
      changed.push_back(held ? LeaseOutcome::Changed : found ? LeaseOutcome::NotHeld : LeaseOutcome::Gone);
      if (!held) continue;
      if (change.remove) {
        Remove(name, queue, item, now);
      } else {
        Move(name, queue, item, std::max(change.until, now), change.until > now, now);
      }
    }
    return changed;
  }

  size_t Discard(const std::string& name, size_t count, WallTime due_before, WallTime now) {
    const auto queue = queues_.find(name);
    if (queue == queues_.end()) return 0;
    size_t removed = 0;
    auto& by_time = queue->second.by_time;
    for (; removed < count && !by_time.empty() && by_time.begin()->first < due_before; ++removed) {
      Remove(name, queue->second, queue->second.items.find(by_time.begin()->second), now);
    }
    return removed;
  }

  std::optional<WallTime> NextDue(const std::string& name) const {
    const auto queue = queues_.find(name);
    if (queue == queues_.end() || queue->second.by_time.empty()) return std::nullopt;
    return queue->second.by_time.begin()->first;
  }

  void Clear() {
    tables_.clear();
    queues_.clear();
    once_.clear();
    tally.Clear();
    const RowChanges all{.keys = {}, .version = ++sequence_};
    for (const std::string& table : watches.Names()) RowListeners::Call(watches.Of(table), all);
  }

  SeededRandom random;
  WriteAdmission admission;
  RowListeners watches;
  StoreCounters counters;
  QueueTally tally;
  bool open = true;

 private:
  static std::optional<WallTime> FirstHead(const StoredQueue& queue) {
    const auto heads = queue.Heads();
    return heads.empty() ? std::nullopt : std::optional(heads.begin()->first);
  }

  void AppendGrouped(Batch::Step& step, WallTime now) {
    const GroupedItem& grouped = *step.grouped;
    std::erase_if(once_, [&](const auto& entry) { return entry.second.until <= now; });
    if (const auto first = once_.find(grouped.once_key); first != once_.end()) {
      step.number = first->second.id;
      step.note = first->second.note;
      step.repeated = true;
      return;
    }
    StoredQueue& queue = queues_[step.name];
    step.number = ++sequence_;
    queue.items[sequence_] = {.payload = step.value, .appended_at = now, .available_at = step.due, .group = grouped.group};
    queue.by_time.insert({step.due, sequence_});
    queue.groups[grouped.group].insert(sequence_);
    if (!grouped.once_key.empty()) once_[grouped.once_key] = {sequence_, grouped.once_until, grouped.once_note};
    tally.Apply({{step.name, step.due, false, 1}}, now);
  }

  bool Holds(const Batch::Step& step) const {
    using Kind = Batch::Step::Kind;
    const auto row = Get(step.name, step.key);
    if (step.kind == Kind::RequireAbsent) return !row;
    return row && (step.kind == Kind::RequirePresent || row->version == step.number);
  }

  void Change(Batch::Step& step, int64_t version, WallTime now) {
    using Kind = Batch::Step::Kind;
    switch (step.kind) {
      case Kind::Put: tables_[step.name][step.key] = {step.key, step.value, version}; break;
      case Kind::Delete: step.number = static_cast<int64_t>(tables_[step.name].erase(step.key)); break;
      case Kind::Append:
      case Kind::AppendLeased: {
        const bool leased = step.kind == Kind::AppendLeased;
        StoredQueue& queue = queues_[step.name];
        step.number = ++sequence_;
        queue.items[sequence_] = {step.value, now, step.due, leased ? 1 : 0, leased ? now : WallTime(), leased, {}};
        queue.by_time.insert({step.due, sequence_});
        tally.Apply({{step.name, step.due, leased, 1}}, now);
        break;
      }
      case Kind::AppendGrouped: AppendGrouped(step, now); break;
      case Kind::Acknowledge:
      case Kind::Release: ChangeItem(step, now); break;
      case Kind::DeleteUnder:
      case Kind::RequireVersion:
      case Kind::RequireAbsent:
      case Kind::RequirePresent: break;
    }
  }

  void DeleteUnder(const Batch::Step& step, std::vector<Batch::Step>& found) {
    auto& rows = tables_[step.name];
    if (rows.erase(step.key) > 0) found.push_back(DeletedUnder(step, step.key));
    const std::string below = step.key + '/';
    for (auto row = rows.lower_bound(below); row != rows.end() && row->first.starts_with(below); row = rows.erase(row)) {
      found.push_back(DeletedUnder(step, row->first));
    }
  }

  void ChangeItem(const Batch::Step& step, WallTime now) {
    StoredQueue& queue = queues_[step.name];
    const auto item = queue.items.find(step.number);
    if (item == queue.items.end()) return;
    if (step.kind == Batch::Step::Kind::Release) return Move(step.name, queue, item, step.due, false, now);
    Remove(step.name, queue, item, now);
  }

  void Move(const std::string& name, StoredQueue& queue, StoredQueue::Items::iterator item, WallTime available_at, bool leased, WallTime now) {
    MF_ASSERT(item != queue.items.end() && queue.by_time.size() == queue.items.size());
    tally.Apply({{name, item->second.available_at, item->second.leased, -1}, {name, available_at, leased, 1}}, now);
    queue.by_time.erase({item->second.available_at, item->first});
    item->second.available_at = available_at;
    item->second.leased = leased;
    queue.by_time.insert({available_at, item->first});
  }

  void Remove(const std::string& name, StoredQueue& queue, StoredQueue::Items::iterator item, WallTime now) {
    MF_ASSERT(item != queue.items.end() && queue.by_time.size() == queue.items.size());
    tally.Apply({{name, item->second.available_at, item->second.leased, -1}}, now);
    queue.by_time.erase({item->second.available_at, item->first});
    if (const auto group = queue.groups.find(item->second.group); group != queue.groups.end()) {
      group->second.erase(item->first);
      if (group->second.empty()) queue.groups.erase(group);
    }
    queue.items.erase(item);
  }

  std::map<std::string, std::map<std::string, Row>> tables_;
  std::map<std::string, StoredQueue> queues_;
  std::map<std::string, Once> once_;
  int64_t sequence_ = 0;
};

class MemoryStore final : public Store {
 public:
  MemoryStore(Loop& loop, uint64_t seed, MemoryStoreFaults faults)
      : loop_(loop), faults_(faults), state_(std::make_shared<MemoryState>(loop, seed)) {}
  ~MemoryStore() override { state_->open = false; }

  Task<Result<Committed>> Commit(Context& ctx, Batch batch) override {
    MF_CO_TRY_VOID(ValidateBatch(batch));
    const size_t bytes = BatchBytes(batch);
    co_return co_await Write<Result<Committed>>(ctx, bytes, [batch = std::move(batch), loop = &loop_](MemoryState& state) mutable {
      ++state.counters.transactions;
      return state.Apply(batch, loop->WallNow());
    });
  }

  Task<Result<LeasedItems>> Lease(Context& ctx, std::string_view queue, LeaseWish wish) override {
    return WriteQueue<Result<LeasedItems>>(ctx, queue, [wish](MemoryState& state, const std::string& name, WallTime now) -> Result<LeasedItems> {
      return state.Lease(name, wish, now);
    });
  }
  Task<Result<std::vector<LeaseOutcome>>> ChangeLeases(Context& ctx, std::string_view queue, std::vector<LeaseChange> changes) override {
    using Changed = Result<std::vector<LeaseOutcome>>;
    return WriteQueue<Changed>(ctx, queue, [changes = std::move(changes)](MemoryState& state, const std::string& name, WallTime now) -> Changed {
      return state.ChangeLeases(name, changes, now);
    });
  }
  Task<Result<size_t>> Discard(Context& ctx, std::string_view queue, size_t count, WallTime due_before) override {
    return WriteQueue<Result<size_t>>(ctx, queue, [count, due_before](MemoryState& state, const std::string& name, WallTime now) -> Result<size_t> {
      return state.Discard(name, count, due_before, now);
    });
  }

  Task<Result<>> Clear(Context& ctx) override {
    return Write<Result<>>(ctx, 0, [](MemoryState& state) -> Result<> {
      state.Clear();
      return {};
    });
  }

  Task<Result<std::optional<Row>>> Get(Context&, std::string_view table, std::string_view key) override {
    return Later<Result<std::optional<Row>>>(
        [table = std::string(table), key = std::string(key)](MemoryState& state) { return state.Get(table, key); });
  }
  Task<Result<std::vector<Row>>> Scan(Context&, std::string_view table, std::string_view prefix, std::string_view from,
                                      size_t limit) override {
    return Later<Result<std::vector<Row>>>([table = std::string(table), prefix = std::string(prefix), from = std::string(from),
                                            limit](MemoryState& state) { return state.Scan(table, prefix, from, limit); });
  }
  Task<Result<std::optional<WallTime>>> NextDue(Context&, std::string_view queue) override {
    return Later<Result<std::optional<WallTime>>>([queue = std::string(queue)](MemoryState& state) { return state.NextDue(queue); });
  }
  QueueCounts Counts(std::string_view queue) const override { return state_->tally.Counts(queue, loop_.WallNow()); }
  std::vector<std::string> QueueNames() const override { return state_->tally.Names(); }

  std::shared_ptr<void> Watch(std::string_view table, Listener listener) override {
    return state_->watches.Add(table, std::move(listener));
  }
  StoreCounters Counters() const override { return state_->counters; }

 private:
  // Runs `function(state)` after the latency, whatever becomes of the task that waits, and gives its value.
  template <typename Value, typename Function>
  Task<Value> Later(Function function) {
    auto slot = std::make_shared<OneShot<Value>>(loop_);
    auto work = [slot, state = state_, function = std::move(function)]() mutable { slot->Set(function(*state)); };
    if (faults_.latency > Duration::zero()) {
      loop_.CallAfter(faults_.latency, std::move(work));
    } else {
      loop_.Post(std::move(work));
    }
    co_return co_await slot->Take();
  }

  template <typename Value, typename Function>
  Task<Value> WriteQueue(Context& ctx, std::string_view queue, Function function) {
    return Write<Value>(ctx, 0, [queue = std::string(queue), function = std::move(function), loop = &loop_](MemoryState& state) -> Value {
      ++state.counters.transactions;
      return function(state, queue, loop->WallNow());
    });
  }

  // `this` is touched only while the store is open; a task that waited for room may wake up after it has gone.
  template <typename Value, typename Function>
  Task<Value> Write(Context& ctx, size_t bytes, Function function) {
    const auto state = state_;
    MF_CO_TRY_VOID(co_await state->admission.Enter(ctx, bytes));
    if (!state->open) {
      state->admission.Leave(bytes);
      co_return Fail(Error::Fault("the store has been closed"));
    }
    co_return co_await Later<Value>([bytes, rate = faults_.failure_rate, function = std::move(function)](MemoryState& state) mutable {
      state.admission.Leave(bytes);
      if (rate > 0 && state.random.Unit() < rate) {
        Error error = Error::Fault("a fault drawn by the simulation's seed");
        error.retryable = true;
        return Value(Fail(std::move(error)));
      }
      return Value(function(state));
    });
  }

  Loop& loop_;
  MemoryStoreFaults faults_;
  std::shared_ptr<MemoryState> state_;
};

}  // namespace

std::unique_ptr<Store> MakeMemoryStore(Loop& loop, uint64_t seed, MemoryStoreFaults faults) {
  return std::make_unique<MemoryStore>(loop, seed, faults);
}

}  // namespace mayfly::store
