// Edit: a change of a row as it is then, whoever else changes it.
//
//   co_await Edit(ctx, tables.queues, key, [&](Queue& queue) -> Result<> { queue.tags = …; return {}; });
//
// Editors of one row take turns, in the order in which they came. A change of the row that is on its way comes first, then the
// edit is made; where another writer was faster after all, it is made again, of the row as that one has left it. Nothing sleeps:
// who waits is woken by what it waits for.
// Bounds: ctx ends each wait; RowWaits::kLineMax editors wait per row; kAttemptsMax. Beyond, RowErrors::busy.
#pragma once

#include "resources/change.h"

namespace mayfly::resources {

// With so many other writers in a row that were faster, something else is wrong.
inline constexpr int kAttemptsMax = 100;

// Stages and commits what one operation changes, around the row `key` of `table`, which may not be there yet or any more.
// `stage`: Result<>(Change&, const std::shared_ptr<const T>& row), a plain function: it looks at everything else afresh, too,
// since it is called once per attempt. Errors: its own; those of Change::Commit; Cancelled, DeadlineExceeded by ctx.
template <typename T, typename Stage>
Task<Result<>> EditWith(Context& ctx, ResourceTable<T>& table, std::string key, Stage stage) {
  MF_CO_TRY(const RowWaits::Turn turn, co_await table.TakeTurn(ctx, key));
  for (int attempt = 1;; ++attempt) {
    std::optional<Change::Blocker> blocker;
    Result<> done;
    {
      Change change(table.tables());
      done = stage(change, table.Find(key));
      if (done) done = co_await change.Commit(ctx);
      blocker = change.blocker();
    }
    if (done || !blocker || attempt == kAttemptsMax) co_return done;
    MF_CO_TRY_VOID(co_await blocker->table->WaitUntilFree(ctx, blocker->key));
  }
}

// Replaces the row by what `edit`, Result<>(T&), makes of it. Errors: RowErrors::missing; as EditWith.
template <typename T, typename EditRow>
Task<Result<>> Edit(Context& ctx, ResourceTable<T>& table, std::string key, EditRow edit) {
  return EditWith(ctx, table, key, [&table, key, edit = std::move(edit)](Change& change, const std::shared_ptr<const T>& row) mutable -> Result<> {
    if (!row) return Fail(table.errors().missing(key));
    T changed = *row;
    MF_TRY_VOID(edit(changed));
    return change.Replace(table, key, row, std::move(changed));
  });
}

// Deletes the row, with what hangs on it. Errors: RowErrors::missing; as EditWith.
template <typename T>
Task<Result<>> Remove(Context& ctx, ResourceTable<T>& table, std::string key) {
  return EditWith(ctx, table, key, [&table, key](Change& change, const std::shared_ptr<const T>& row) -> Result<> {
    return row ? change.Delete(table, key, row) : Fail(table.errors().missing(key));
  });
}

}  // namespace mayfly::resources
