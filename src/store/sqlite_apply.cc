#include "store/sqlite_apply.h"

#include <algorithm>

#include "store/batch.h"

namespace mayfly::store {
namespace {

int64_t ToNanos(WallTime time) { return time.time_since_epoch().count(); }
WallTime FromNanos(int64_t nanos) { return WallTime(Duration(nanos)); }

}  // namespace

Result<std::unique_ptr<SqliteApplier>> SqliteApplier::Open(SqliteConnection& connection) {
  std::unique_ptr<SqliteApplier> applier(new SqliteApplier(connection));
  MF_TRY_VOID(applier->PrepareAll());
  MF_TRY(applier->sequence_, connection.QueryInteger("SELECT value FROM meta WHERE name = 'sequence'"));
  applier->durable_sequence_ = applier->sequence_;
  return applier;
}

Result<> SqliteApplier::PrepareAll() {
  const std::pair<SqliteStatement*, std::string_view> statements[] = {
      {&begin_, "BEGIN IMMEDIATE"},
      {&commit_, "COMMIT"},
      {&savepoint_, "SAVEPOINT part"},
      {&release_, "RELEASE part"},
      {&rollback_to_, "ROLLBACK TO part"},
      {&version_of_, "SELECT version FROM rows WHERE tbl = ? AND key = ?"},
      {&put_,
       "INSERT INTO rows(tbl, key, value, version) VALUES(?, ?, ?, ?)"
       " ON CONFLICT(tbl, key) DO UPDATE SET value = excluded.value, version = excluded.version"},
      {&delete_, "DELETE FROM rows WHERE tbl = ? AND key = ?"},
      {&append_, "INSERT INTO queue_items(id, queue, available_at, appended_at, payload) VALUES(?, ?, ?, ?, ?)"},
      {&acknowledge_, "DELETE FROM queue_items WHERE id = ? AND queue = ?"},
      {&give_back_, "UPDATE queue_items SET available_at = ?, leased = 0 WHERE id = ? AND queue = ?"},
      {&due_items_,
       "SELECT id, attempts, appended_at, payload FROM queue_items WHERE queue = ? AND available_at <= ?"
       " ORDER BY available_at, id LIMIT ?"},
      {&lease_, "UPDATE queue_items SET available_at = ?, leased = 1, attempts = attempts + 1 WHERE id = ?"},
      {&save_sequence_, "UPDATE meta SET value = ? WHERE name = 'sequence'"},
  };
  for (const auto& [statement, sql] : statements) {
    MF_TRY(*statement, connection_.Prepare(sql));
  }
  return {};
}

Result<> SqliteApplier::Begin() { return begin_.Start().Finish(); }

Result<> SqliteApplier::Commit() {
  if (sequence_ != durable_sequence_) MF_TRY_VOID(save_sequence_.Start().Integer(sequence_).Finish());
  MF_TRY_VOID(commit_.Start().Finish());
  durable_sequence_ = sequence_;
  return {};
}

void SqliteApplier::Rollback() {
  if (connection_.in_transaction()) (void)connection_.Run("ROLLBACK");
}

Result<> SqliteApplier::BeginPart() { return savepoint_.Start().Finish(); }
Result<> SqliteApplier::EndPart() { return release_.Start().Finish(); }
Result<> SqliteApplier::UndoPart() {
  MF_TRY_VOID(rollback_to_.Start().Finish());
  return EndPart();
}

Result<> SqliteApplier::Apply(Batch& batch, WallTime now) {
  for (const Batch::Step& step : batch.steps()) {
    if (IsPrecondition(step.kind)) MF_TRY_VOID(Require(step));
  }
  for (Batch::Step& step : batch.steps()) {
    if (!IsPrecondition(step.kind)) MF_TRY_VOID(Change(step, now));
  }
  std::erase_if(batch.steps(), [](const Batch::Step& step) { return step.kind == Batch::Step::Kind::Delete && step.number == 0; });
  return {};
}

Result<> SqliteApplier::Require(const Batch::Step& step) {
  auto row = version_of_.Start();
  MF_TRY(const bool found, row.Text(step.name).Blob(step.key).Step());
  const bool wanted = step.kind == Batch::Step::Kind::RequireVersion;
  if (found != wanted || (found && row.IntegerAt(0) != step.number)) return Fail(PreconditionFailed(step));
  return {};
}

Result<> SqliteApplier::Change(Batch::Step& step, WallTime now) {
  using Kind = Batch::Step::Kind;
  switch (step.kind) {
    case Kind::Put: return put_.Start().Text(step.name).Blob(step.key).Blob(step.value).Integer(++sequence_).Finish();
    case Kind::Delete: {
      MF_TRY_VOID(delete_.Start().Text(step.name).Blob(step.key).Finish());
      step.number = connection_.changes();
      return {};
    }
    case Kind::Append:
      return append_.Start()
          .Integer(++sequence_)
          .Text(step.name)
          .Integer(ToNanos(step.due))
          .Integer(ToNanos(now))
          .Blob(step.value)
          .Finish();
    case Kind::Acknowledge: return acknowledge_.Start().Integer(step.number).Text(step.name).Finish();
    case Kind::Release: return give_back_.Start().Integer(ToNanos(step.due)).Integer(step.number).Text(step.name).Finish();
    case Kind::RequireVersion:
    case Kind::RequireAbsent: break;
  }
  return {};
}

Result<std::vector<QueueItem>> SqliteApplier::Lease(const LeaseRequest& request, WallTime now) {
  std::vector<QueueItem> items;
  {
    auto due = due_items_.Start();
    due.Text(request.queue).Integer(ToNanos(now));
    due.Integer(static_cast<int64_t>(std::min<size_t>(request.count, INT64_MAX)));
    for (size_t bytes = 0; bytes < kWaitingBytesMax;) {
      MF_TRY(const bool row, due.Step());
      if (!row) break;
      items.push_back({due.IntegerAt(0), due.BlobAt(3), FromNanos(due.IntegerAt(2)), static_cast<int>(due.IntegerAt(1)) + 1});
      bytes += items.back().payload.size();
    }
  }
  const int64_t until = ToNanos(LeaseEnd(now, request.lease));
  for (const QueueItem& item : items) {
    MF_TRY_VOID(lease_.Start().Integer(until).Integer(item.id).Finish());
  }
  return items;
}

Result<> SqliteApplier::Clear() { return connection_.Run("DELETE FROM rows; DELETE FROM queue_items;"); }

}  // namespace mayfly::store
