#include "store/sqlite_apply.h"

#include <algorithm>
#include <set>

#include "store/batch_rules.h"

namespace mayfly::store {
namespace {

int64_t ToNanos(WallTime time) { return time.time_since_epoch().count(); }
WallTime FromNanos(int64_t nanos) { return WallTime(Duration(nanos)); }

}  // namespace

Result<std::unique_ptr<SqliteApplier>> SqliteApplier::Open(SqliteConnection& connection, QueueTally& tally, WallTime now) {
  std::unique_ptr<SqliteApplier> applier(new SqliteApplier(connection, tally));
  MF_TRY_VOID(applier->PrepareAll());
  MF_TRY_VOID(applier->LoadTally(now));
  MF_TRY(applier->sequence_, connection.QueryInteger("SELECT value FROM meta WHERE name = 'sequence'"));
  applier->durable_sequence_ = applier->sequence_;
  return applier;
}

Result<> SqliteApplier::PrepareAll() {
  MF_TRY_VOID(groups_.Prepare(connection_));
  const std::pair<SqliteStatement*, std::string_view> statements[] = {
      {&begin_, "BEGIN IMMEDIATE"},
      {&commit_, "COMMIT"},
      {&version_of_, "SELECT version FROM rows WHERE tbl = ? AND key = ?"},
      {&put_,
       "INSERT INTO rows(tbl, key, value, version) VALUES(?, ?, ?, ?)"
       " ON CONFLICT(tbl, key) DO UPDATE SET value = excluded.value, version = excluded.version"},
      {&delete_, "DELETE FROM rows WHERE tbl = ? AND key = ?"},
      {&keys_under_, "SELECT key FROM rows WHERE tbl = ?1 AND (key = ?2 OR (key >= ?3 AND key < ?4))"},
      {&append_,
       "INSERT INTO queue_items(id, queue, available_at, appended_at, payload, leased, attempts, first_leased_at, grp)"
       " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)"},
      {&acknowledge_, "DELETE FROM queue_items WHERE id = ?"},
      {&give_back_, "UPDATE queue_items SET available_at = ?, leased = 0 WHERE id = ? AND queue = ?"},
      {&due_items_,
       "SELECT id, attempts, appended_at, payload, first_leased_at, available_at, leased FROM queue_items"
       " WHERE queue = ? AND available_at <= ? ORDER BY available_at, id LIMIT ?"},
      {&group_items_,
       "SELECT id, attempts, appended_at, payload, first_leased_at, available_at, leased FROM queue_items"
       " WHERE queue = ? AND grp = ? AND grp <> '' ORDER BY id"},
      {&lease_, "UPDATE queue_items SET available_at = ?, leased = 1, attempts = attempts + 1, first_leased_at = ? WHERE id = ?"},
      {&item_state_, "SELECT available_at, leased, attempts, grp FROM queue_items WHERE id = ? AND queue = ?"},
      {&extend_, "UPDATE queue_items SET available_at = ?, leased = ? WHERE id = ?"},
      {&next_due_, "SELECT min(available_at) FROM queue_items WHERE queue = ?"},
      {&discard_,
       "DELETE FROM queue_items WHERE id IN (SELECT id FROM queue_items WHERE queue = ? AND available_at < ?"
       " ORDER BY available_at, id LIMIT ?) RETURNING available_at, leased, grp"},
      {&add_count_,
       "INSERT INTO queue_counts(queue, items) VALUES(?, ?) ON CONFLICT(queue) DO UPDATE SET items = items + excluded.items"},
      {&drop_count_, "DELETE FROM queue_counts WHERE queue = ? AND items <= 0"},
      {&save_sequence_, "UPDATE meta SET value = ? WHERE name = 'sequence'"},
  };
  for (const auto& [statement, sql] : statements) {
    MF_TRY(*statement, connection_.Prepare(sql));
  }
  return {};
}

// Only items that are not due are looked at: as many as are leased or delayed.
Result<> SqliteApplier::LoadTally(WallTime now) {
  MF_TRY(auto counts, connection_.Prepare("SELECT queue, items FROM queue_counts"));
  MF_TRY(auto later, connection_.Prepare("SELECT available_at, leased FROM queue_items WHERE queue = ? AND available_at > ?"));
  auto count = counts.Start();
  for (;;) {
    MF_TRY(const bool row, count.Step());
    if (!row) return {};
    const std::string queue = count.BlobAt(0);
    tally_.Load(queue, count.IntegerAt(1));
    auto items = later.Start();
    items.Text(queue).Integer(ToNanos(now));
    for (;;) {
      MF_TRY(const bool item, items.Step());
      if (!item) break;
      tally_.LoadLater(queue, FromNanos(items.IntegerAt(0)), items.IntegerAt(1) != 0);
    }
  }
}

void SqliteApplier::Count(std::string_view queue, int64_t available_at, bool leased, int64_t delta) {
  MF_ASSERT(!queue.empty() && (delta == 1 || delta == -1));
  changes_.push_back({queue, FromNanos(available_at), leased, delta});
  Sum& sum = sums_[queue];
  sum.items += delta;
  if (leased) sum.leased += delta;
}

Result<> SqliteApplier::Begin() {
  changes_.clear();
  sums_.clear();
  cleared_ = false;
  return begin_.Start().Finish();
}

Result<> SqliteApplier::SaveCounts() {
  for (const auto& [queue, sum] : sums_) {
    if (sum.items == 0) continue;
    MF_TRY_VOID(add_count_.Start().Text(queue).Integer(sum.items).Finish());
    if (sum.items < 0) MF_TRY_VOID(drop_count_.Start().Text(queue).Finish());
  }
  return {};
}

Result<> SqliteApplier::Commit(WallTime now) {
  MF_ASSERT(connection_.in_transaction() && sequence_ >= durable_sequence_);
  MF_TRY_VOID(SaveCounts());
  if (sequence_ != durable_sequence_) MF_TRY_VOID(save_sequence_.Start().Integer(sequence_).Finish());
  MF_TRY_VOID(commit_.Start().Finish());
  MF_ASSERT(!connection_.in_transaction());  // durable: only now may others count it
  durable_sequence_ = sequence_;
  if (cleared_) tally_.Clear();
  tally_.Apply(changes_, now);
  return {};
}

void SqliteApplier::Rollback() {
  if (connection_.in_transaction()) (void)connection_.Run("ROLLBACK");
}

Result<int64_t> SqliteApplier::Apply(Batch& batch, WallTime now) {
  for (const Batch::Step& step : batch.steps()) {
    if (IsPrecondition(step.kind)) MF_TRY_VOID(Require(step));
  }
  const int64_t version = ChangesRows(batch) ? ++sequence_ : 0;
  std::vector<Batch::Step> found;
  for (Batch::Step& step : batch.steps()) {
    if (step.kind == Batch::Step::Kind::DeleteUnder) MF_TRY_VOID(DeleteUnder(step, found));
    else if (!IsPrecondition(step.kind)) MF_TRY_VOID(Change(step, version, now));
  }
  std::ranges::move(found, std::back_inserter(batch.steps()));
  return version;
}

Result<> SqliteApplier::Require(const Batch::Step& step) {
  MF_ASSERT(IsPrecondition(step.kind));
  auto row = version_of_.Start();
  MF_TRY(const bool found, row.Text(step.name).Blob(step.key).Step());
  using Kind = Batch::Step::Kind;
  const bool wrong_version = step.kind == Kind::RequireVersion && found && row.IntegerAt(0) != step.number;
  if (found == (step.kind == Kind::RequireAbsent) || wrong_version) return Fail(PreconditionFailed(step));
  return {};
}

Result<> SqliteApplier::Change(Batch::Step& step, int64_t version, WallTime now) {
  MF_ASSERT(!IsPrecondition(step.kind) && !step.name.empty());
  using Kind = Batch::Step::Kind;
  switch (step.kind) {
    case Kind::Put: return put_.Start().Text(step.name).Blob(step.key).Blob(step.value).Integer(version).Finish();
    case Kind::Delete: {
      MF_TRY_VOID(delete_.Start().Text(step.name).Blob(step.key).Finish());
      step.number = connection_.changes();
      return {};
    }
    case Kind::Append:
    case Kind::AppendLeased: return Append(step, now);
    case Kind::AppendGrouped: return AppendGrouped(step, now);
    case Kind::Acknowledge: return Acknowledge(step);
    case Kind::Release: return MoveItem(step.name, step.number, step.due);
    case Kind::DeleteUnder:
    case Kind::RequireVersion:
    case Kind::RequireAbsent:
    case Kind::RequirePresent: break;
  }
  return {};
}

Result<> SqliteApplier::DeleteUnder(const Batch::Step& step, std::vector<Batch::Step>& found) {
  const size_t before = found.size();
  const std::string below = step.key + '/', end = EndOfPrefix(below);
  {
    auto keys = keys_under_.Start();
    keys.Text(step.name).Blob(step.key).Blob(below).Blob(end);
    for (;;) {
      MF_TRY(const bool row, keys.Step());
      if (!row) break;
      found.push_back(DeletedUnder(step, keys.BlobAt(0)));
    }
  }
  for (size_t at = before; at < found.size(); ++at) MF_TRY_VOID(delete_.Start().Text(step.name).Blob(found[at].key).Finish());
  return {};
}

Result<> SqliteApplier::Append(Batch::Step& step, WallTime now) {
  const bool leased = step.kind == Batch::Step::Kind::AppendLeased;
  const int64_t due = ToNanos(step.due);
  step.number = ++sequence_;
  auto append = append_.Start();
  append.Integer(step.number).Text(step.name).Integer(due).Integer(ToNanos(now)).Blob(step.value);
  MF_TRY_VOID(append.Integer(leased ? 1 : 0).Integer(leased ? 1 : 0).Integer(leased ? ToNanos(now) : 0).Text("").Finish());
  Count(step.name, due, leased, 1);
  return {};
}

Result<> SqliteApplier::AppendGrouped(Batch::Step& step, WallTime now) {
  const GroupedItem& item = *step.grouped;
  MF_TRY(auto first, groups_.FindFirst(item.once_key, now));
  step.repeated = first.has_value();
  if (first) {
    step.number = first->id;
    step.note = std::move(first->note);
    return {};
  }
  const int64_t due = ToNanos(step.due);
  step.number = ++sequence_;
  auto append = append_.Start();
  append.Integer(step.number).Text(step.name).Integer(due).Integer(ToNanos(now)).Blob(step.value);
  MF_TRY_VOID(append.Integer(0).Integer(0).Integer(0).Text(item.group).Finish());
  MF_TRY_VOID(groups_.Appended(step.name, item.group, step.number, due));
  MF_TRY_VOID(groups_.NoteFirst(item, step.number, now));
  Count(step.name, due, false, 1);
  return {};
}

// Takes an item out of the counts.
Result<SqliteApplier::Found> SqliteApplier::Uncount(std::string_view queue, int64_t id) {
  auto item = item_state_.Start();
  MF_TRY(const bool found, item.Integer(id).Text(queue).Step());
  if (!found) return Found{};
  Count(queue, item.IntegerAt(0), item.IntegerAt(1) != 0, -1);
  return Found{.found = true, .group = item.BlobAt(3)};
}

// Not by DELETE … RETURNING: that opens a table of its own for what it returns, each time.
Result<> SqliteApplier::Acknowledge(const Batch::Step& step) {
  MF_TRY(const Found item, Uncount(step.name, step.number));
  if (!item.found) return {};
  MF_TRY_VOID(acknowledge_.Start().Integer(step.number).Finish());
  return groups_.Removed(step.name, item.group);
}

// Ends the lease of an item, if it has one.
Result<> SqliteApplier::MoveItem(std::string_view queue, int64_t id, WallTime available_at) {
  MF_TRY(const Found item, Uncount(queue, id));
  if (!item.found) return {};
  Count(queue, ToNanos(available_at), false, 1);
  MF_TRY_VOID(groups_.Moved(queue, item.group, id, ToNanos(available_at)));
  return give_back_.Start().Integer(ToNanos(available_at)).Integer(id).Text(queue).Finish();
}

size_t SqliteApplier::LeasesLeft(const LeaseRequest& request, WallTime now) const {
  const auto& wish = request.wish;
  if (wish.leased_max == INT64_MAX) return wish.count;
  const auto sum = sums_.find(request.queue);
  const int64_t leased = tally_.Counts(request.queue, now).leased + (sum == sums_.end() ? 0 : sum->second.leased);
  return std::min(wish.count, static_cast<size_t>(std::max<int64_t>(0, wish.leased_max - leased)));
}

// Takes candidates in their order, up to the first that is not available: of an ordered queue that one bars the way.
Result<> SqliteApplier::Pick(Picking& picking, SqliteStatement::Execution& candidates) {
  const std::string& queue = picking.request.queue;
  const size_t bytes_max = picking.request.wish.bytes_max;
  while (!picking.full) {
    picking.full = picking.items.size() >= picking.count_max || picking.bytes >= bytes_max;
    if (picking.full) break;
    MF_TRY(const bool row, candidates.Step());
    if (!row || candidates.IntegerAt(5) > ToNanos(picking.now)) break;
    const size_t payload_bytes = candidates.BytesAt(3);
    picking.full = !picking.items.empty() && picking.bytes + payload_bytes > bytes_max;
    if (picking.full) break;
    const int64_t first_leased_at = candidates.IntegerAt(4);
    picking.items.push_back({candidates.IntegerAt(0), candidates.BlobAt(3), FromNanos(candidates.IntegerAt(2)),
                             static_cast<int>(candidates.IntegerAt(1)) + 1,
                             first_leased_at == 0 ? picking.now : FromNanos(first_leased_at)});
    picking.bytes += payload_bytes;
    Count(queue, candidates.IntegerAt(5), candidates.IntegerAt(6) != 0, -1);
    Count(queue, picking.until, true, 1);
  }
  return {};
}

Result<> SqliteApplier::PickGrouped(Picking& picking) {
  const std::string& queue = picking.request.queue;
  MF_TRY(const auto groups, groups_.Available(queue, picking.now, picking.count_max));
  for (const std::string& group : groups) {
    if (picking.full) break;
    const size_t before = picking.items.size();
    {
      auto items = group_items_.Start();
      items.Text(queue).Text(group);
      MF_TRY_VOID(Pick(picking, items));
    }
    if (picking.items.size() > before) MF_TRY_VOID(groups_.Moved(queue, group, picking.items[before].id, picking.until));
  }
  return {};
}

Result<> SqliteApplier::MarkLeased(const Picking& picking) {
  for (const QueueItem& item : picking.items) {
    MF_ASSERT(item.attempts > 0 && item.id <= sequence_);
    MF_TRY_VOID(lease_.Start().Integer(picking.until).Integer(ToNanos(item.first_leased_at)).Integer(item.id).Finish());
  }
  return {};
}

Result<std::optional<int64_t>> SqliteApplier::NextDue(const LeaseRequest& request) {
  if (request.wish.grouped) return groups_.NextDue(request.queue);
  auto next = next_due_.Start();
  MF_TRY(const bool row, next.Text(request.queue).Step());
  return row && !next.IsNullAt(0) ? std::optional(next.IntegerAt(0)) : std::nullopt;
}

Result<LeasedItems> SqliteApplier::Lease(const LeaseRequest& request, WallTime wall_now) {
  const LeaseWish& wish = request.wish;
  const WallTime now = wish.as_of.value_or(wall_now);
  const size_t count = LeasesLeft(request, now);
  MF_ASSERT(count <= wish.count);
  Picking picking{.request = request, .now = now, .count_max = count, .until = ToNanos(LeaseEnd(now, wish.lease)), .items = {}};
  if (wish.grouped) {
    MF_TRY_VOID(PickGrouped(picking));
  } else {
    auto due = due_items_.Start();
    due.Text(request.queue).Integer(ToNanos(now)).Integer(static_cast<int64_t>(std::min<size_t>(count, INT64_MAX)));
    MF_TRY_VOID(Pick(picking, due));
  }
  MF_TRY_VOID(MarkLeased(picking));
  LeasedItems leased{.items = std::move(picking.items), .limited = count < wish.count, .next_due = {}};
  if (leased.items.size() >= wish.count) return leased;
  MF_TRY(const auto next, NextDue(request));
  if (next) leased.next_due = FromNanos(*next);
  return leased;
}

Result<std::vector<LeaseOutcome>> SqliteApplier::ChangeLeases(const ChangeLeasesRequest& request, WallTime now) {
  std::vector<LeaseOutcome> changed;
  changed.reserve(request.changes.size());
  for (const LeaseChange& change : request.changes) {
    auto item = item_state_.Start();
    MF_TRY(const bool found, item.Integer(change.id).Text(request.queue).Step());
    const bool held = found && item.IntegerAt(1) != 0 && item.IntegerAt(2) == change.attempt && item.IntegerAt(0) > ToNanos(now);
    changed.push_back(held ? LeaseOutcome::Changed : found ? LeaseOutcome::NotHeld : LeaseOutcome::Gone);
    if (!held) continue;
    Count(request.queue, item.IntegerAt(0), true, -1);
    const std::string group = item.BlobAt(3);
    if (change.remove) {
      MF_TRY_VOID(acknowledge_.Start().Integer(change.id).Finish());
      MF_TRY_VOID(groups_.Removed(request.queue, group));
      continue;
    }
    const bool leased = change.until > now;
    const int64_t until = ToNanos(std::max(change.until, now));
    MF_TRY_VOID(extend_.Start().Integer(until).Integer(leased ? 1 : 0).Integer(change.id).Finish());
    MF_TRY_VOID(groups_.Moved(request.queue, group, change.id, until));
    Count(request.queue, until, leased, 1);
  }
  return changed;
}

Result<size_t> SqliteApplier::Discard(const DiscardRequest& request) {
  std::set<std::string> groups;
  size_t count = 0;
  {
    auto removed = discard_.Start();
    removed.Text(request.queue).Integer(ToNanos(request.due_before));
    removed.Integer(static_cast<int64_t>(std::min<size_t>(request.count, INT64_MAX)));
    for (;; ++count) {
      MF_TRY(const bool row, removed.Step());
      if (!row) break;
      Count(request.queue, removed.IntegerAt(0), removed.IntegerAt(1) != 0, -1);
      if (removed.BytesAt(2) > 0) groups.insert(removed.BlobAt(2));
    }
  }
  for (const std::string& group : groups) MF_TRY_VOID(groups_.Removed(request.queue, group));
  return count;
}

Result<int64_t> SqliteApplier::Clear() {
  MF_ASSERT(connection_.in_transaction());
  changes_.clear();
  sums_.clear();
  cleared_ = true;
  MF_TRY_VOID(connection_.Run("DELETE FROM rows; DELETE FROM queue_items; DELETE FROM queue_counts; DELETE FROM queue_groups; DELETE FROM append_once;"));
  return ++sequence_;
}

}  // namespace mayfly::store
