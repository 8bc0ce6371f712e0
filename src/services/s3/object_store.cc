#include "services/s3/object_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/log.h"
#include "services/s3/s3_errors.h"

namespace mayfly::s3 {
namespace {

constexpr std::string_view kMetaTable = "meta";
constexpr std::string_view kEpochKey = "epoch";
constexpr int kEpochShift = 40;  // sequences of one run of the daemon
constexpr size_t kOrphanPage = 1000;

template <typename Row>
Result<std::optional<Row>> ReadOptional(Result<std::optional<store::Row>> found) {
  if (!found) return Fail(std::move(found).error());
  if (!*found) return std::optional<Row>();
  MF_TRY(Row row, Read<Row>((*found)->value));
  return std::optional<Row>(std::move(row));
}

}  // namespace

std::string ObjectName(std::string_view bucket, std::string_view key) { return std::string(bucket).append("/").append(key); }

std::string VersionName(std::string_view object_name, int64_t sequence) {
  std::string name(object_name);
  name += '\0';
  return name + fmt::format("{:016x}", std::numeric_limits<int64_t>::max() - sequence);
}

Error MarkerNotAllowed(const ObjectRow& marker) {
  Error error = Error::Service("MethodNotAllowed", "The specified method is not allowed against this resource.");
  error = WithHeader(std::move(error), "Allow", "DELETE");
  error = WithHeader(std::move(error), "Last-Modified", FormatHttpDate(FromMillis(marker.modified_millis)));
  error = WithHeader(std::move(error), "x-amz-delete-marker", "true");
  error = WithHeader(std::move(error), "x-amz-version-id", marker.version_id);
  return WithElement(std::move(error), "ResourceType", "DeleteMarker");
}

ObjectStore::ObjectStore(store::Store& store, DataFiles& files, Outbox& outbox, Random& random, Loop& loop, const Clock& calendar)
    : store_(&store), files_(&files), outbox_(&outbox), random_(&random), loop_(&loop), calendar_(&calendar), tasks_(loop) {}

Task<Result<>> ObjectStore::Open(Context& ctx) {
  MF_CO_TRY(const auto row, co_await store_->Get(ctx, kMetaTable, kEpochKey));
  const int64_t epoch = (row ? std::stoll(row->value) : 0) + 1;
  store::Batch batch;
  batch.Put(kMetaTable, kEpochKey, std::to_string(epoch));
  auto committed = co_await store_->Commit(ctx, std::move(batch));
  if (!committed) co_return Fail(std::move(committed).error());
  sequence_ = epoch << kEpochShift;
  co_return Result<>();
}

void ObjectStore::CollectOrphans() { tasks_.Spawn(CollectOrphansNow()); }

Task<> ObjectStore::Stop() {
  tasks_.Stop();
  co_await tasks_.Join();
}

// Those of this run may be on their way to a row: they are left alone.
Task<> ObjectStore::CollectOrphansNow() {
  Context ctx = Context(*loop_).WithStop(tasks_.stop_token());
  std::vector<std::string> names = co_await files_->pool().Run(*loop_, [files = files_] { return files->List(); });
  std::erase_if(names, [this](const std::string& name) { return files_->IsOfThisRun(name); });
  std::vector<std::string> orphans;
  std::string from;
  auto name = names.begin();
  while (name != names.end()) {
    auto rows = co_await store_->Scan(ctx, kDataTable, "", from, kOrphanPage);
    if (!rows) co_return;
    for (const store::Row& row : *rows) {
      for (; name != names.end() && *name < row.key; ++name) orphans.push_back(*name);
      if (name != names.end() && *name == row.key) ++name;
    }
    if (rows->size() < kOrphanPage) break;
    from = rows->back().key + '\0';
  }
  orphans.insert(orphans.end(), name, names.end());
  if (!orphans.empty()) log::Info("{} files of uploads that never ended are removed", orphans.size());
  files_->Remove(std::move(orphans));
}

Task<Result<std::optional<ObjectRow>>> ObjectStore::Find(Context& ctx, const std::string& bucket, const std::string& key) {
  co_return ReadOptional<ObjectRow>(co_await store_->Get(ctx, kObjectTable, ObjectName(bucket, key)));
}

Task<Result<std::optional<ObjectRow>>> ObjectStore::FindVersion(Context& ctx, const std::string& bucket, const std::string& key,
                                                               const std::string& version_id) {
  const std::optional<int64_t> place = version_id == kNullVersion ? 0 : SequenceOf(version_id);
  if (!place) co_return Fail(InvalidArgument("Invalid version id specified", "versionId", version_id));
  MF_CO_TRY(auto current, co_await Find(ctx, bucket, key));
  if (!current || current->version_id == version_id) co_return current;
  const int64_t sequence = version_id == kNullVersion ? current->null_sequence : *place;
  if (sequence == 0) co_return std::nullopt;
  auto older = ReadOptional<ObjectRow>(co_await store_->Get(ctx, kVersionTable, VersionName(ObjectName(bucket, key), sequence)));
  if (older && *older && (*older)->version_id != version_id) co_return std::nullopt;
  co_return older;
}

Task<Result<std::vector<PartRow>>> ObjectStore::Parts(Context& ctx, const ObjectRow& row) {
  if (row.parts == 0) co_return std::vector<PartRow>();
  MF_CO_TRY(auto list, ReadOptional<PartList>(co_await store_->Get(ctx, kPartTable, row.data_id)));
  if (!list) co_return Fail(Error::FromErrno("parts of an object", ENOENT));
  co_return std::move(list->parts);
}

Task<Result<std::unique_ptr<DataReader>>> ObjectStore::OpenData(Context& ctx, const ObjectRow& row, int64_t offset, int64_t size) {
  std::vector<PartRow> parts;
  if (row.parts > 0) {
    MF_CO_TRY(parts, co_await Parts(ctx, row));
  } else if (row.size > 0) {
    parts.push_back({.number = 1, .size = row.size, .etag = {}, .data_id = row.data_id, .is_inline = row.is_inline});
  }
  std::vector<DataSlice> slices;
  for (const PartRow& part : parts) {
    const int64_t begin = std::min(offset, part.size);
    const int64_t taken = std::min(part.size - begin, size);
    offset -= begin;
    size -= taken;
    if (taken == 0) continue;
    DataSlice slice{.id = part.data_id, .is_inline = part.is_inline, .offset = begin, .size = taken};
    if (part.is_inline) {
      MF_CO_TRY(auto blob, co_await store_->Get(ctx, kBlobTable, part.data_id));
      if (!blob) co_return Fail(Error::FromErrno("bytes of an object", ENOENT));
      slice.bytes = blob->value.substr(static_cast<size_t>(begin));
    }
    slices.push_back(std::move(slice));
  }
  co_return co_await DataReader::Open(ctx, *files_, std::move(slices));
}

Task<Result<>> ObjectStore::Clear(Context& ctx) {
  MF_CO_TRY_VOID(co_await store_->Clear(ctx));
  MF_CO_TRY_VOID(co_await Open(ctx));
  co_return co_await files_->Clear(*loop_);
}

}  // namespace mayfly::s3
