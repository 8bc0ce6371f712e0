// The groups of ordered queues (Batch::AppendGrouped), and what may be appended only once: their statements inside the writer's
// transaction. Of each group `queue_groups` has the first item and when that one is available; SqliteApplier says what happens
// to items, this keeps the row of their group.
//
// On the writer's thread, inside the open transaction.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/sqlite_connection.h"
#include "store/store.h"

namespace mayfly::store {

class SqliteGroups {
 public:
  Result<> Prepare(SqliteConnection& connection);

  struct First {
    int64_t id = 0;
    std::string note;
  };
  // What was appended under `key` and keeps others out at `now`. Not an error: nothing (nullopt), also for the key "".
  Result<std::optional<First>> FindFirst(std::string_view key, WallTime now);
  // Makes item `id` the first of its key, and forgets some keys that keep nobody out any more: more than come.
  Result<> NoteFirst(const GroupedItem& item, int64_t id, WallTime now);

  Result<> Appended(std::string_view queue, std::string_view group, int64_t id, int64_t due);
  // The time of an item has changed. Of no matter unless it is the first of its group.
  Result<> Moved(std::string_view queue, std::string_view group, int64_t id, int64_t available_at);
  // An item has been deleted.
  Result<> Removed(std::string_view queue, std::string_view group);

  // At most `count` groups whose first item is available, by since when.
  Result<std::vector<std::string>> Available(std::string_view queue, WallTime now, size_t count);
  // When the next group is available (may have passed); nullopt: the queue is empty.
  Result<std::optional<int64_t>> NextDue(std::string_view queue);

 private:
  SqliteStatement find_first_, note_first_, forget_firsts_;
  SqliteStatement begin_group_, move_head_, first_item_, set_head_, end_group_, available_, next_due_;
};

}  // namespace mayfly::store
