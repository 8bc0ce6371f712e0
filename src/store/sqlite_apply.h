// What the writer does inside one transaction: the statements behind batches, leases and clearing.
#pragma once

#include <memory>
#include <vector>

#include "store/sqlite_connection.h"
#include "store/store.h"

namespace mayfly::store {

struct LeaseRequest {
  std::string queue;
  size_t count = 0;
  Duration lease{};
};

// On the writer's thread. Each method works inside the open transaction and may leave half of its work behind when it fails:
// the caller rolls back.
class SqliteApplier {
 public:
  static Result<std::unique_ptr<SqliteApplier>> Open(SqliteConnection& connection);

  Result<> Begin();
  // Makes the sequence durable and commits.
  Result<> Commit();
  // Not an error: the engine has rolled back by itself.
  void Rollback();
  Result<> BeginPart();
  Result<> EndPart();
  Result<> UndoPart();

  // Deletions of rows that are not there leave the batch's steps: what stays has changed something. `now`: appended_at.
  Result<> Apply(Batch& batch, WallTime now);
  Result<std::vector<QueueItem>> Lease(const LeaseRequest& request, WallTime now);
  Result<> Clear();

 private:
  explicit SqliteApplier(SqliteConnection& connection) : connection_(connection) {}
  Result<> PrepareAll();
  Result<> Require(const Batch::Step& step);
  Result<> Change(Batch::Step& step, WallTime now);

  SqliteConnection& connection_;
  int64_t sequence_ = 0;
  int64_t durable_sequence_ = 0;
  SqliteStatement begin_, commit_, savepoint_, release_, rollback_to_;
  SqliteStatement version_of_, put_, delete_, append_, acknowledge_, give_back_;
  SqliteStatement due_items_, lease_, save_sequence_;
};

}  // namespace mayfly::store
