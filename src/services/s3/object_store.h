// ObjectStore: all objects with their versions and bytes. The operations of the API, the collector of lifecycles and forms all come here.
//
// One per daemon, on its strand. Rows are in a store of their own (DATA/s3.db), bytes in DataFiles. What an operation changes, it changes in
// one commit: rows, which files belong to somebody, and what is owed to those who are to hear of it (Outbox). Changes of one key take turns;
// those of different keys share the store's fsync.
//
// Tables (KEY is BUCKET/KEY, ORDER 16 digits that fall as sequences rise):
//   objects        KEY                the newest version of each key, also when that is a delete marker
//   versions       KEY NUL ORDER      the older ones, newest first
//   blobs, data    ID                 bytes that are rows; files that belong to somebody
//   parts          ID                 of an object in parts: PartList
//   uploads, upload_parts             see uploads.h
// Promises: after a crash an object is there as a whole or not at all. Sequences rise with each change, over restarts, too.
// Bounds: resources::RowWaits::kLineMax changes wait for their turn at one key, beyond which SlowDown is answered.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/task_scope.h"
#include "resources/row_waits.h"
#include "services/s3/buckets.h"
#include "services/s3/conditions.h"
#include "services/s3/data_files.h"
#include "services/s3/event_outbox.h"

namespace mayfly::s3 {

// What is to become the newest version of a key.
struct Insertion {
  BucketPointer bucket;
  std::string key;
  ObjectRow row;             // version, sequence and times are set by the store
  StoredData data;           // of one piece; empty id: `parts` have it
  DataWriter* writer = nullptr;  // of a file
  std::vector<PartRow> parts;
  WriteConditions conditions;
  std::function<void(store::Batch&)> further;  // further steps of the commit
  std::vector<std::string> garbage;            // files that belong to nobody afterwards
  std::string_view event;                      // "ObjectCreated:Put"
};

struct Removal {
  BucketPointer bucket;
  std::string key;
  std::optional<std::string> version_id;
  std::optional<std::string> if_match;
  bool bypasses_governance = false;
  std::function<bool(const ObjectRow&)> only_if;  // of the version that is meant, or the newest; for collectors
  std::string_view event = "ObjectRemoved:Delete";                    // of a version that goes
  std::string_view marker_event = "ObjectRemoved:DeleteMarkerCreated";
};

struct Removed {
  std::string version_id;   // of the marker that was made, or of what went by its id; "" in a bucket without versions
  bool is_marker = false;   // a marker was made, or went
  bool was_made = false;
};

class ObjectStore {
 public:
  // All outlive it.
  ObjectStore(store::Store& store, DataFiles& files, Outbox& outbox, Random& random, Loop& loop, const Clock& calendar);

  // Error: a fault of the store.
  Task<Result<>> Open(Context& ctx);
  // Removes files that belong to nobody; begins in the background.
  void CollectOrphans();
  Task<> Stop();

  // --- reading ---
  // The newest version; nullopt: there is none.
  Task<Result<std::optional<ObjectRow>>> Find(Context& ctx, const std::string& bucket, const std::string& key);
  // Error: InvalidArgument for what is no version's id.
  Task<Result<std::optional<ObjectRow>>> FindVersion(Context& ctx, const std::string& bucket, const std::string& key, const std::string& version_id);
  // Of an object in parts.
  Task<Result<std::vector<PartRow>>> Parts(Context& ctx, const ObjectRow& row);
  // The bytes from `offset` on. Error: Fault "ENOENT" when they have been removed meanwhile.
  Task<Result<std::unique_ptr<DataReader>>> OpenData(Context& ctx, const ObjectRow& row, int64_t offset, int64_t size);
  store::Store& store() { return *store_; }
  DataFiles& files() { return *files_; }
  const Clock& clock() const { return *calendar_; }

  // --- changing ---
  // Errors: those of CheckWrite; NoSuchBucket when the bucket is being deleted; of the store.
  Task<Result<ObjectRow>> Insert(Context& ctx, Insertion insertion);
  // Errors: those of CheckRemoval; AccessDenied for a version that is locked; InvalidArgument. Not an error: there is nothing to remove.
  Task<Result<Removed>> Remove(Context& ctx, Removal removal);
  // Changes what is said of a version. Errors: NoSuchKey, NoSuchVersion, MethodNotAllowed for a marker; those of `edit`.
  Task<Result<ObjectRow>> Edit(Context& ctx, BucketPointer bucket, std::string key, std::optional<std::string> version_id,
                               std::function<Result<>(ObjectRow&)> edit, std::string_view event);
  // A commit about a bucket that is not about one key: uploads. `garbage`: data that belongs to nobody afterwards.
  Task<Result<>> Commit(Context& ctx, const std::string& bucket, store::Batch batch, std::vector<std::string> garbage);
  // Whether a bucket holds nothing; from then on nothing is put into it, until the result is destroyed. Error: BucketNotEmpty.
  Task<Result<std::shared_ptr<void>>> Close(Context& ctx, std::string bucket);
  // Forgets everything.
  Task<Result<>> Clear(Context& ctx);

  int64_t NextSequence() { return ++sequence_; }

 private:
  struct Change;
  using Turn = resources::RowWaits::Turn;
  Task<Result<Turn>> TakeTurn(Context& ctx, const std::string& bucket, const std::string& key);
  Task<Result<>> Commit(Context& ctx, const std::string& bucket, Change change);
  Task<Result<>> StageDrop(Context& ctx, Change& change, const ObjectRow& row);
  Task<Result<>> StageAside(Context& ctx, Change& change, const std::string& name, const BucketRow& bucket, const std::optional<ObjectRow>& current,
                            ObjectRow& next);
  Task<Result<>> StageRemoval(Context& ctx, Change& change, const std::string& name, ObjectRow current, const ObjectRow& gone);
  void StageData(Change& change, const Insertion& insertion, ObjectRow& row);
  Task<Result<Removed>> MakeMarker(Context& ctx, Change& change, const Removal& removal, const std::optional<ObjectRow>& current);
  Task<Result<Removed>> RemoveVersion(Context& ctx, Change& change, const Removal& removal, const std::optional<ObjectRow>& current);
  Result<> CheckLock(const ObjectRow& row, bool bypasses_governance) const;
  Task<> CollectOrphansNow();

  store::Store* store_;
  DataFiles* files_;
  Outbox* outbox_;
  Random* random_;
  Loop* loop_;
  const Clock* calendar_;
  resources::RowWaits turns_;
  int64_t sequence_ = 0;
  std::map<std::string, int> committing_;  // by bucket: commits on their way
  std::set<std::string> closing_;          // buckets that are being deleted
  TaskScope tasks_;
};

// Keys of rows.
std::string ObjectName(std::string_view bucket, std::string_view key);
std::string VersionName(std::string_view object_name, int64_t sequence);

inline constexpr std::string_view kObjectTable = "objects";
inline constexpr std::string_view kVersionTable = "versions";
inline constexpr std::string_view kBlobTable = "blobs";
inline constexpr std::string_view kDataTable = "data";
inline constexpr std::string_view kPartTable = "parts";

// Error (Service): MethodNotAllowed, as a delete marker answers that is asked for by its id.
Error MarkerNotAllowed(const ObjectRow& marker);

}  // namespace mayfly::s3
