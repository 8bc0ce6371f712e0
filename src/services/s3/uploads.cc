#include "services/s3/uploads.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/encoding.h"
#include "services/s3/s3_errors.h"

namespace mayfly::s3 {
namespace {

constexpr std::string_view kUploadTable = "uploads";
constexpr std::string_view kUploadPartTable = "upload_parts";

std::string RowName(const UploadName& name) { return ObjectName(name.bucket, name.key) + '\0' + name.id; }
std::string PartName(std::string_view upload_id, int number) { return fmt::format("{}/{:05}", upload_id, number); }

// What a part's bytes are in the store, and that nobody has them any more.
void StagePartDrop(store::Batch& batch, std::vector<std::string>& garbage, const PartRow& part) {
  batch.Delete(part.is_inline ? kBlobTable : kDataTable, part.data_id);
  if (!part.is_inline) garbage.push_back(part.data_id);
}

Error InvalidPart(std::string_view upload_id, const PartClaim& claim) {
  Error error = Error::Service("InvalidPart", "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified "
                                              "entity tag may not match the part's entity tag.");
  error = WithElement(WithElement(std::move(error), "UploadId", upload_id), "PartNumber", std::to_string(claim.number));
  return WithElement(std::move(error), "ETag", claim.etag);
}

Error TooSmall(const PartRow& part) {
  Error error = Error::Service("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size");
  error = WithElement(WithElement(std::move(error), "ETag", part.etag), "MinSizeAllowed", std::to_string(kPartBytesMin));
  return WithElement(WithElement(std::move(error), "ProposedSize", std::to_string(part.size)), "PartNumber", std::to_string(part.number));
}

// The parts that a completion names, of those that have come.
Result<std::vector<PartRow>> Choose(std::string_view upload_id, const std::vector<PartClaim>& claims, const std::map<int, PartRow>& parts) {
  if (claims.empty()) return Fail(InvalidRequest("You must specify at least one part"));
  std::vector<PartRow> chosen;
  for (const PartClaim& claim : claims) {
    if (!chosen.empty() && claim.number <= chosen.back().number) {
      return Fail(Error::Service("InvalidPartOrder", "The list of parts was not in ascending order. Parts must be ordered by part number."));
    }
    const auto found = parts.find(claim.number);
    if (found == parts.end() || found->second.etag != claim.etag) return Fail(InvalidPart(upload_id, claim));
    if (!claim.checksum.empty() && claim.checksum != found->second.checksum) return Fail(InvalidPart(upload_id, claim));
    chosen.push_back(found->second);
  }
  for (size_t i = 0; i + 1 < chosen.size(); ++i) {
    if (chosen[i].size < kPartBytesMin) return Fail(TooSmall(chosen[i]));
  }
  return chosen;
}

std::string ETagOf(const std::vector<PartRow>& parts) {
  DigestStream md5(DigestKind::Md5);
  for (const PartRow& part : parts) md5.Update(HexDecode(part.etag).value_or(""));
  return fmt::format("{}-{}", HexEncode(md5.Finish()), parts.size());
}

std::string ChecksumOfParts(ChecksumKind kind, std::string_view type, const std::vector<PartRow>& parts) {
  if (type == kComposite) {
    ChecksumStream all(kind);
    for (const PartRow& part : parts) all.Update(Base64Decode(part.checksum).value_or(""));
    return fmt::format("{}-{}", Base64Encode(all.Finish()), parts.size());
  }
  std::string whole = ChecksumOf(kind, "");
  for (const PartRow& part : parts) whole = CombineDigests(kind, whole, Base64Decode(part.checksum).value_or(""), static_cast<uint64_t>(part.size));
  return Base64Encode(whole);
}

Result<> CheckChecksum(const Completion& completion, const ObjectRow& object) {
  if (!completion.checksum_type.empty() && completion.checksum_type != object.checksum_type) {
    return Fail(InvalidRequest(fmt::format("The upload was created using the {} checksum mode. The complete request must use the same checksum mode.", object.checksum_type)));
  }
  const std::string_view told = completion.checksum;
  const bool has_count = told.find('-') != std::string_view::npos;
  if (told.empty() || told == (has_count ? object.checksum : object.checksum.substr(0, object.checksum.find('-')))) return {};
  return Fail(Error::Service("BadDigest", fmt::format("The {} you specified did not match the calculated checksum.", object.checksum_kind)));
}

Result<> TakeParts(const Completion& completion, const std::vector<PartRow>& parts, ObjectRow& object) {
  object.etag = ETagOf(parts);
  object.size = 0;
  for (const PartRow& part : parts) object.size += part.size;
  if (completion.size && *completion.size != object.size) {
    return Fail(InvalidRequest(fmt::format("The provided 'x-amz-mp-object-size' header value {} does not match what was computed: {}", *completion.size, object.size)));
  }
  const auto kind = ChecksumNamed(object.checksum_kind);
  if (!kind) return {};
  object.checksum = ChecksumOfParts(*kind, object.checksum_type, parts);
  return CheckChecksum(completion, object);
}

}  // namespace

Result<> CheckPartNumber(int number) {
  if (number >= 1 && number <= kPartsMax) return {};
  return Fail(InvalidArgument("Part number must be an integer between 1 and 10000, inclusive", "partNumber", std::to_string(number)));
}

Task<Result<std::string>> Uploads::Begin(Context& ctx, const std::string& bucket, const std::string& key, ObjectRow object) {
  const UploadName name{bucket, key, MakeVersionId(objects_->NextSequence(), *random_)};
  const UploadRow row{.object = std::move(object), .initiated_millis = ToEpochMillis(objects_->clock().WallNow())};
  store::Batch batch;
  batch.Put(kUploadTable, RowName(name), Written(row));
  MF_CO_TRY_VOID(co_await objects_->Commit(ctx, bucket, std::move(batch), {}));
  co_return name.id;
}

Task<Result<UploadRow>> Uploads::Find(Context& ctx, const UploadName& name) {
  MF_CO_TRY(const auto row, co_await objects_->store().Get(ctx, kUploadTable, RowName(name)));
  if (!row) co_return Fail(NoSuchUpload(name.id));
  co_return Read<UploadRow>(row->value);
}

Task<Result<PartRow>> Uploads::PutPart(Context& ctx, const UploadName& name, int number, StoredData data, DataWriter& writer) {
  MF_CO_TRY(const auto turn, co_await turns_.TakeTurn(ctx, name.id));
  MF_CO_TRY_VOID(co_await Find(ctx, name));
  const std::string row_name = PartName(name.id, number);
  MF_CO_TRY(const auto old, co_await objects_->store().Get(ctx, kUploadPartTable, row_name));
  PartRow part{.number = number, .size = data.size, .etag = HexEncode(data.md5), .data_id = data.id, .is_inline = data.is_inline,
               .checksum = Base64Encode(data.checksum), .modified_millis = ToEpochMillis(objects_->clock().WallNow())};
  store::Batch batch;
  std::vector<std::string> garbage;
  if (old) {
    MF_CO_TRY(const PartRow replaced, Read<PartRow>(old->value));
    StagePartDrop(batch, garbage, replaced);
  }
  batch.Put(part.is_inline ? kBlobTable : kDataTable, part.data_id, part.is_inline ? std::move(data.bytes) : std::string());
  batch.Put(kUploadPartTable, row_name, Written(part));
  writer.Keep();
  MF_CO_TRY_VOID(co_await objects_->Commit(ctx, name.bucket, std::move(batch), std::move(garbage)));
  co_return part;
}

Task<Result<std::vector<PartRow>>> Uploads::Parts(Context& ctx, const UploadName& name, int after, size_t limit) {
  MF_CO_TRY(const auto rows, co_await objects_->store().Scan(ctx, kUploadPartTable, name.id + '/', PartName(name.id, after + 1), limit));
  std::vector<PartRow> parts;
  for (const store::Row& row : rows) {
    MF_CO_TRY(PartRow part, Read<PartRow>(row.value));
    parts.push_back(std::move(part));
  }
  co_return parts;
}

Task<Result<ObjectRow>> Uploads::Complete(Context& ctx, const UploadName& name, Completion completion) {
  MF_CO_TRY(const auto turn, co_await turns_.TakeTurn(ctx, name.id));
  MF_CO_TRY(UploadRow upload, co_await Find(ctx, name));
  MF_CO_TRY(const auto all, co_await Parts(ctx, name, 0, kPartsMax));
  std::map<int, PartRow> left;
  for (const PartRow& part : all) left.emplace(part.number, part);
  MF_CO_TRY(std::vector<PartRow> chosen, Choose(name.id, completion.parts, left));
  MF_CO_TRY_VOID(TakeParts(completion, chosen, upload.object));
  for (const PartRow& part : chosen) left.erase(part.number);
  store::Batch ends;
  std::vector<std::string> garbage;
  for (const auto& [number, part] : left) StagePartDrop(ends, garbage, part);
  ends.Delete(kUploadTable, RowName(name)).DeleteUnder(kUploadPartTable, name.id);
  Insertion insertion{.bucket = completion.bucket, .key = name.key, .row = std::move(upload.object), .data = {}, .writer = nullptr, .parts = std::move(chosen),
                      .conditions = std::move(completion.conditions), .further = {}, .garbage = std::move(garbage), .event = "ObjectCreated:CompleteMultipartUpload"};
  insertion.further = [&ends](store::Batch& batch) { std::ranges::move(ends.steps(), std::back_inserter(batch.steps())); };
  co_return co_await objects_->Insert(ctx, std::move(insertion));
}

Task<Result<>> Uploads::Abort(Context& ctx, const UploadName& name) {
  MF_CO_TRY(const auto turn, co_await turns_.TakeTurn(ctx, name.id));
  MF_CO_TRY_VOID(co_await Find(ctx, name));
  MF_CO_TRY(const auto parts, co_await Parts(ctx, name, 0, kPartsMax));
  store::Batch batch;
  std::vector<std::string> garbage;
  for (const PartRow& part : parts) StagePartDrop(batch, garbage, part);
  batch.Delete(kUploadTable, RowName(name)).DeleteUnder(kUploadPartTable, name.id);
  co_return co_await objects_->Commit(ctx, name.bucket, std::move(batch), std::move(garbage));
}

Task<Result<>> Uploads::AbortAll(Context& ctx, const std::string& bucket) {
  while (true) {
    MF_CO_TRY(const auto page, co_await List(ctx, {.bucket = bucket, .prefix = {}, .delimiter = {}, .after = {}, .after_id = {}}));
    for (const ListedUpload& upload : page.items) {
      auto aborted = co_await Abort(ctx, {bucket, upload.key, upload.id});
      if (!aborted && aborted.error().code != "NoSuchUpload") co_return aborted;
    }
    if (!page.is_truncated) co_return Result<>();
  }
}

Task<Result<ListPage<ListedUpload>>> Uploads::List(Context& ctx, ListRequest request) {
  const std::string bucket = request.bucket + '/';
  ListPage<ListedUpload> page;
  const bool within = !request.after_id.empty();
  const std::string after = request.after.empty() ? bucket : bucket + request.after + (within ? '\0' + request.after_id + '\0' : std::string("\x01"));
  RowCursor rows(objects_->store(), kUploadTable, bucket + request.prefix, std::max(bucket + request.prefix, after));
  while (true) {
    MF_CO_TRY(const store::Row* row, co_await rows.Peek(ctx));
    if (!row) co_return page;
    const size_t end = row->key.find('\0');
    std::string key = row->key.substr(bucket.size(), end - bucket.size()), id = row->key.substr(end + 1);
    std::string rolled = CommonPrefixOf(key, request.prefix, request.delimiter);
    if (!rolled.empty() && rolled <= request.after) {
      rows.SkipTo(Successor(bucket + rolled));
      continue;
    }
    if (page.items.size() + page.prefixes.size() >= static_cast<size_t>(request.limit)) {
      page.is_truncated = request.limit > 0;
      co_return page;
    }
    page.last = rolled.empty() ? key : rolled;
    page.last_id = rolled.empty() ? id : std::string();
    if (!rolled.empty()) {
      rows.SkipTo(Successor(bucket + rolled));
      page.prefixes.push_back(std::move(rolled));
      continue;
    }
    MF_CO_TRY(UploadRow upload, Read<UploadRow>(row->value));
    rows.Skip();
    page.items.push_back({std::move(key), std::move(id), std::move(upload)});
  }
}

}  // namespace mayfly::s3
