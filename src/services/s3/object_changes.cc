// What changes objects: one commit each (object_store.h).
#include <algorithm>

#include "base/log.h"
#include "services/s3/object_store.h"
#include "services/s3/s3_errors.h"

namespace mayfly::s3 {

// What one operation changes.
struct ObjectStore::Change {
  store::Batch batch;
  std::vector<std::string> garbage;  // files that belong to nobody afterwards
  std::vector<delivery::LaneItem> owed;
};

namespace {

// How many commits of a bucket are on their way.
class CommitCount {
 public:
  CommitCount(std::map<std::string, int>& counts, const std::string& bucket) : counts_(&counts), entry_(counts.try_emplace(bucket, 0).first) { ++entry_->second; }
  CommitCount(const CommitCount&) = delete;
  CommitCount& operator=(const CommitCount&) = delete;
  ~CommitCount() {
    if (--entry_->second == 0) counts_->erase(entry_);
  }

 private:
  std::map<std::string, int>* counts_;
  std::map<std::string, int>::iterator entry_;
};

}  // namespace

Task<Result<ObjectStore::Turn>> ObjectStore::TakeTurn(Context& ctx, const std::string& bucket, const std::string& key) {
  auto turn = co_await turns_.TakeTurn(ctx, ObjectName(bucket, key));
  if (!turn && turn.error().code == "TooManyEditors") co_return Fail(Error::Service("SlowDown", "Please reduce your request rate."));
  co_return turn;
}

Task<Result<>> ObjectStore::Commit(Context& ctx, const std::string& bucket, Change change) {
  if (closing_.contains(bucket)) co_return Fail(NoSuchBucket(bucket));
  const CommitCount counted(committing_, bucket);
  change.batch.RequirePresent(kBucketTable, bucket);
  outbox_->Stage(change.batch, change.owed);
  auto committed = co_await store_->Commit(ctx, std::move(change.batch));
  if (!committed) {
    if (committed.error().code == "PreconditionFailed") co_return Fail(NoSuchBucket(bucket));
    co_return Fail(std::move(committed).error());
  }
  files_->Remove(std::move(change.garbage));
  outbox_->HandOver(std::move(change.owed), committed->appended);
  co_return Result<>();
}

Task<Result<>> ObjectStore::Commit(Context& ctx, const std::string& bucket, store::Batch batch, std::vector<std::string> garbage) {
  co_return co_await Commit(ctx, bucket, Change{.batch = std::move(batch), .garbage = std::move(garbage), .owed = {}});
}

Task<Result<std::shared_ptr<void>>> ObjectStore::Close(Context& ctx, std::string bucket) {
  const Error busy = Error::Service("OperationAborted", "A conflicting conditional operation is currently in progress against this resource. Please try again.");
  if (committing_.contains(bucket) || !closing_.insert(bucket).second) co_return Fail(busy);
  std::shared_ptr<void> closed(nullptr, [this, bucket](void*) { closing_.erase(bucket); });
  MF_CO_TRY(const auto rows, co_await store_->Scan(ctx, kObjectTable, bucket + '/', "", 1));
  if (!rows.empty()) {
    co_return Fail(WithElement(Error::Service("BucketNotEmpty", "The bucket you tried to delete is not empty"), "BucketName", bucket));
  }
  co_return closed;
}

// ---- staging ----

// The bytes of a version that goes.
Task<Result<>> ObjectStore::StageDrop(Context& ctx, Change& change, const ObjectRow& row) {
  if (row.data_id.empty()) co_return Result<>();
  std::vector<PartRow> parts;
  if (row.parts > 0) {
    MF_CO_TRY(parts, co_await Parts(ctx, row));
    change.batch.Delete(kPartTable, row.data_id);
  } else {
    parts.push_back({.number = 1, .size = row.size, .etag = {}, .data_id = row.data_id, .is_inline = row.is_inline});
  }
  for (const PartRow& part : parts) {
    change.batch.Delete(part.is_inline ? kBlobTable : kDataTable, part.data_id);
    if (!part.is_inline) change.garbage.push_back(part.data_id);
  }
  co_return Result<>();
}

// What becomes of the version that was the newest, and which id the next one gets.
Task<Result<>> ObjectStore::StageAside(Context& ctx, Change& change, const std::string& name, const BucketRow& bucket,
                                       const std::optional<ObjectRow>& current, ObjectRow& next) {
  next.sequence = NextSequence();
  next.modified_millis = ToEpochMillis(calendar_->WallNow());
  next.version_id = bucket.keeps_versions() ? MakeVersionId(next.sequence, *random_) : std::string(kNullVersion);
  if (!current) co_return Result<>();
  int64_t null_sequence = current->null_sequence;
  if (!next.is_null() || !current->is_null()) {
    ObjectRow older = *current;
    older.null_sequence = 0;
    older.noncurrent_millis = next.modified_millis;
    change.batch.Put(kVersionTable, VersionName(name, older.sequence), Written(older));
    if (older.is_null()) null_sequence = older.sequence;
  } else {
    MF_CO_TRY_VOID(co_await StageDrop(ctx, change, *current));
  }
  if (!next.is_null()) {
    next.null_sequence = null_sequence;
  } else if (null_sequence != 0) {  // there is one null version
    MF_CO_TRY(const auto old, co_await store_->Get(ctx, kVersionTable, VersionName(name, null_sequence)));
    change.batch.Delete(kVersionTable, VersionName(name, null_sequence));
    if (old) {
      MF_CO_TRY(const ObjectRow row, Read<ObjectRow>(old->value));
      MF_CO_TRY_VOID(co_await StageDrop(ctx, change, row));
    }
  }
  co_return Result<>();
}

void ObjectStore::StageData(Change& change, const Insertion& insertion, ObjectRow& row) {
  if (!insertion.parts.empty()) {
    row.data_id = files_->NewId();
    row.parts = static_cast<int>(insertion.parts.size());
    change.batch.Put(kPartTable, row.data_id, Written(PartList{insertion.parts}));
  } else if (row.size > 0) {
    row.data_id = insertion.data.id;
    row.is_inline = insertion.data.is_inline;
    change.batch.Put(row.is_inline ? kBlobTable : kDataTable, row.data_id, row.is_inline ? insertion.data.bytes : std::string());
  }
}

Task<Result<ObjectRow>> ObjectStore::Insert(Context& ctx, Insertion insertion) {
  const std::string bucket = insertion.bucket->name, name = ObjectName(bucket, insertion.key);
  MF_CO_TRY(const Turn turn, co_await TakeTurn(ctx, bucket, insertion.key));
  MF_CO_TRY(const auto current, co_await Find(ctx, bucket, insertion.key));
  MF_CO_TRY_VOID(CheckWrite(insertion.conditions, current, insertion.key));
  ObjectRow row = std::move(insertion.row);
  Change change;
  change.garbage = std::move(insertion.garbage);
  MF_CO_TRY_VOID(co_await StageAside(ctx, change, name, *insertion.bucket, current, row));
  StageData(change, insertion, row);
  change.batch.Put(kObjectTable, name, Written(row));
  if (insertion.further) insertion.further(change.batch);
  change.owed = outbox_->Owed(ctx, *insertion.bucket, insertion.key, row, insertion.event);
  // From here on the commit decides whether the file is somebody's; should the daemon not hear how, its next start finds out.
  if (insertion.writer) insertion.writer->Keep();
  MF_CO_TRY_VOID(co_await Commit(ctx, bucket, std::move(change)));
  co_return row;
}

// ---- removing ----

Result<> ObjectStore::CheckLock(const ObjectRow& row, bool bypasses_governance) const {
  const bool is_retained = row.lock_until_millis > ToEpochMillis(calendar_->WallNow()) && !(row.lock_mode == "GOVERNANCE" && bypasses_governance);
  if (!is_retained && !row.has_legal_hold) return {};
  return Fail(Error::Service("AccessDenied", "Access Denied because object protected by object lock."));
}

// `gone`: a version of the key whose newest is `current`.
Task<Result<>> ObjectStore::StageRemoval(Context& ctx, Change& change, const std::string& name, ObjectRow current, const ObjectRow& gone) {
  MF_CO_TRY_VOID(co_await StageDrop(ctx, change, gone));
  if (gone.sequence != current.sequence) {
    change.batch.Delete(kVersionTable, VersionName(name, gone.sequence));
    if (current.null_sequence == gone.sequence) {
      current.null_sequence = 0;
      change.batch.Put(kObjectTable, name, Written(current));
    }
    co_return Result<>();
  }
  MF_CO_TRY(const auto older, co_await store_->Scan(ctx, kVersionTable, name + '\0', "", 1));
  if (older.empty()) {
    change.batch.Delete(kObjectTable, name);
    co_return Result<>();
  }
  MF_CO_TRY(ObjectRow next, Read<ObjectRow>(older.front().value));
  next.null_sequence = next.is_null() ? 0 : current.null_sequence;
  next.noncurrent_millis = 0;
  change.batch.Delete(kVersionTable, older.front().key).Put(kObjectTable, name, Written(next));
  co_return Result<>();
}

Task<Result<Removed>> ObjectStore::MakeMarker(Context& ctx, Change& change, const Removal& removal, const std::optional<ObjectRow>& current) {
  const std::string name = ObjectName(removal.bucket->name, removal.key);
  ObjectRow marker;
  marker.is_marker = true;
  marker.account_id = ctx.principal.account_id;
  MF_CO_TRY_VOID(co_await StageAside(ctx, change, name, *removal.bucket, current, marker));
  change.batch.Put(kObjectTable, name, Written(marker));
  change.owed = outbox_->Owed(ctx, *removal.bucket, removal.key, marker, removal.marker_event);
  co_return Removed{.version_id = marker.version_id, .is_marker = true, .was_made = true};
}

Task<Result<Removed>> ObjectStore::RemoveVersion(Context& ctx, Change& change, const Removal& removal, const std::optional<ObjectRow>& current) {
  const std::string name = ObjectName(removal.bucket->name, removal.key);
  std::optional<ObjectRow> gone = current;
  if (removal.version_id) {
    MF_CO_TRY(gone, co_await FindVersion(ctx, removal.bucket->name, removal.key, *removal.version_id));
  }
  Removed removed{.version_id = removal.version_id.value_or("")};
  ObjectRow told;
  if (gone) {
    MF_CO_TRY_VOID(CheckLock(*gone, removal.bypasses_governance));
    MF_CO_TRY_VOID(co_await StageRemoval(ctx, change, name, *current, *gone));
    removed.is_marker = gone->is_marker;
    told.version_id = gone->version_id;
  }
  // Also of what was not there: S3 answers as if it had been.
  told.sequence = NextSequence();
  told.modified_millis = ToEpochMillis(calendar_->WallNow());
  change.owed = outbox_->Owed(ctx, *removal.bucket, removal.key, told, removal.event);
  co_return removed;
}

Task<Result<Removed>> ObjectStore::Remove(Context& ctx, Removal removal) {
  const std::string bucket = removal.bucket->name;
  MF_CO_TRY(const Turn turn, co_await TakeTurn(ctx, bucket, removal.key));
  MF_CO_TRY(const auto current, co_await Find(ctx, bucket, removal.key));
  MF_CO_TRY_VOID(CheckRemoval(removal.if_match, current));
  if (removal.only_if && !(current && removal.only_if(*current))) co_return Removed{};
  Change change;
  const bool marks = !removal.version_id && !removal.bucket->versioning.empty();
  auto removed = marks ? co_await MakeMarker(ctx, change, removal, current) : co_await RemoveVersion(ctx, change, removal, current);
  if (!removed) co_return removed;
  MF_CO_TRY_VOID(co_await Commit(ctx, bucket, std::move(change)));
  co_return removed;
}

Task<Result<ObjectRow>> ObjectStore::Edit(Context& ctx, BucketPointer bucket, std::string key, std::optional<std::string> version_id,
                                          std::function<Result<>(ObjectRow&)> edit, std::string_view event) {
  MF_CO_TRY(const Turn turn, co_await TakeTurn(ctx, bucket->name, key));
  std::optional<ObjectRow> row;
  MF_CO_TRY(const auto current, co_await Find(ctx, bucket->name, key));
  if (version_id) {
    MF_CO_TRY(row, co_await FindVersion(ctx, bucket->name, key, *version_id));
  } else {
    row = current;
  }
  if (!row || (row->is_marker && !version_id)) co_return Fail(version_id ? NoSuchVersion(key, *version_id) : NoSuchKey(key));
  if (row->is_marker) co_return Fail(MarkerNotAllowed(*row));
  MF_CO_TRY_VOID(edit(*row));
  const std::string name = ObjectName(bucket->name, key);
  Change change;
  const bool is_current = row->sequence == current->sequence;
  change.batch.Put(is_current ? kObjectTable : kVersionTable, is_current ? name : VersionName(name, row->sequence), Written(*row));
  if (!event.empty()) change.owed = outbox_->Owed(ctx, *bucket, key, *row, event);
  MF_CO_TRY_VOID(co_await Commit(ctx, bucket->name, std::move(change)));
  co_return *row;
}

}  // namespace mayfly::s3
