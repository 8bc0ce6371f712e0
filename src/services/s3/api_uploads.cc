#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"
#include "services/s3/s3_api.h"

namespace mayfly::s3 {
namespace {

constexpr int kUploadPageMax = 1000;

// How the parts of an upload are checked; the kind that S3 takes by itself is for the whole.
Result<> TakeChecksumWish(const CreateMultipartUploadRequest& request, ObjectRow& object) {
  if (!request.checksum_algorithm) {
    if (request.checksum_type) return Fail(InvalidRequest("The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header."));
    object.checksum_kind = NameOf(ChecksumKind::Crc64Nvme);
    object.checksum_type = kFullObject;
    return {};
  }
  MF_TRY(const ChecksumKind kind, KindOf(request.checksum_algorithm, std::nullopt));
  object.checksum_kind = NameOf(kind);
  object.checksum_type = request.checksum_type.value_or(std::string(kind == ChecksumKind::Crc64Nvme ? kFullObject : kComposite));
  if (MayBe(kind, object.checksum_type)) return {};
  return Fail(InvalidRequest("The " + object.checksum_type + " checksum type cannot be used with the " + LowerCase(NameOf(kind)) + " checksum algorithm."));
}

// A part is checked as its upload says, whatever the part says by itself.
Result<ExpectedChecksum> OfPart(const UploadRow& upload, ExpectedChecksum told, bool is_named) {
  const auto kind = ChecksumNamed(upload.object.checksum_kind);
  if (!kind || told.kind == *kind) return told;
  if (told.value.empty() && !is_named) return ExpectedChecksum{*kind, {}};
  // Of an upload that named none any kind may come with a part.
  if (*kind == ChecksumKind::Crc64Nvme) return told;
  return Fail(InvalidRequest("Checksum Type mismatch occurred, expected checksum Type: " + LowerCase(NameOf(*kind)) + ", actual checksum Type: " +
                             LowerCase(NameOf(told.kind))));
}

template <typename Request>
UploadName NameOfUpload(const Request& request) {
  return {request.bucket, request.key, request.upload_id};
}

std::string ClaimedChecksum(const CompletedPart& part, std::string_view kind) {
  std::string value;
  ForChecksums(part, [&](ChecksumKind one, const std::optional<std::string>& member) {
    if (member && NameOf(one) == kind) value = *member;
  });
  return value;
}

}  // namespace

Task<Result<CreateMultipartUploadResponse>> S3Api::CreateMultipartUpload(Context& ctx, CreateMultipartUploadRequest request) {
  MF_CO_TRY(const BucketPointer bucket, parts_.buckets->Get(request.bucket));
  MF_CO_TRY_VOID(CheckKey(request.key));
  ObjectRow object;
  object.account_id = ctx.principal.account_id;
  MF_CO_TRY_VOID(TakeMetadata(request, object));
  MF_CO_TRY_VOID(TakeControls(request, *bucket, parts_.objects->clock().WallNow(), object));
  MF_CO_TRY(object.tags, ParseTagging(request.tagging.value_or("")));
  MF_CO_TRY_VOID(TakeChecksumWish(request, object));
  CreateMultipartUploadResponse response;
  response.bucket = request.bucket;
  response.key = request.key;
  TellEncryption(object, response);
  if (request.checksum_algorithm) {
    response.checksum_algorithm = object.checksum_kind;
    response.checksum_type = object.checksum_type;
  }
  MF_CO_TRY(response.upload_id, co_await parts_.uploads->Begin(ctx, request.bucket, request.key, std::move(object)));
  co_return response;
}

Task<Result<UploadPartResponse>> S3Api::UploadPart(Context& ctx, UploadPartRequest request) {
  MF_CO_TRY(const BucketPointer bucket, parts_.buckets->Get(request.bucket));
  MF_CO_TRY_VOID(CheckPartNumber(request.part_number));
  MF_CO_TRY_VOID(RefuseCustomerKeys(request));
  const UploadName name = NameOfUpload(request);
  MF_CO_TRY(const UploadRow upload, co_await parts_.uploads->Find(ctx, name));
  MF_CO_TRY(const ExpectedChecksum told, ExpectedOf(request, request.trailer));
  MF_CO_TRY(const ExpectedChecksum expected, OfPart(upload, told, request.checksum_algorithm || request.trailer));
  DataWriter writer(parts_.objects->files(), expected.kind);
  wire::BlobStream body = request.body ? std::move(*request.body) : wire::BlobStream();
  MF_CO_TRY(StoredData data, co_await TakeBody(ctx, body, writer, expected, request.content_md5));
  UploadPartResponse response;
  TellChecksum(response, NameOf(expected.kind), Base64Encode(data.checksum));
  TellEncryption(upload.object, response);
  // The upload's own kind has to follow from the parts'.
  if (NameOf(expected.kind) != upload.object.checksum_kind) data.checksum = co_await Rechecked(ctx, data, *ChecksumNamed(upload.object.checksum_kind));
  MF_CO_TRY(const PartRow part, co_await parts_.uploads->PutPart(ctx, name, request.part_number, std::move(data), writer));
  response.e_tag = Quoted(part.etag);
  co_return response;
}

// Another checksum of bytes that have been taken in.
Task<std::string> S3Api::Rechecked(Context& ctx, const StoredData& data, ChecksumKind kind) {
  ChecksumStream stream(kind);
  auto reader = co_await DataReader::Open(ctx, parts_.objects->files(),
                                          {{.id = data.id, .is_inline = data.is_inline, .offset = 0, .size = data.size, .bytes = data.bytes}});
  while (reader) {
    const auto piece = co_await (*reader)->Read(ctx);
    if (!piece || piece->empty()) break;
    stream.Update(*piece);
  }
  co_return stream.Finish();
}

Task<Result<UploadPartCopyResponse>> S3Api::UploadPartCopy(Context& ctx, UploadPartCopyRequest request) {
  MF_CO_TRY(const BucketPointer bucket, parts_.buckets->Get(request.bucket));
  MF_CO_TRY_VOID(CheckPartNumber(request.part_number));
  const UploadName name = NameOfUpload(request);
  MF_CO_TRY(const UploadRow upload, co_await parts_.uploads->Find(ctx, name));
  const ReadConditions conditions{request.copy_source_if_match, request.copy_source_if_none_match, request.copy_source_if_modified_since,
                                  request.copy_source_if_unmodified_since};
  MF_CO_TRY(const CopySource source, co_await FindSource(ctx, request.copy_source, conditions));
  ByteRange range{0, source.row.size};
  if (request.copy_source_range) {
    MF_CO_TRY(range, ParseCopyRange(*request.copy_source_range, source.row.size));
  }
  if (range.size > kCopyBytesMax) co_return Fail(InvalidRequest("The specified copy source is larger than the maximum allowable size for a copy source: 5368709120"));
  const ChecksumKind kind = ChecksumNamed(upload.object.checksum_kind).value_or(ChecksumKind::Crc64Nvme);
  DataWriter writer(parts_.objects->files(), kind);
  MF_CO_TRY(StoredData data, co_await CopyData(ctx, source.row, range, writer));
  MF_CO_TRY(const PartRow part, co_await parts_.uploads->PutPart(ctx, name, request.part_number, std::move(data), writer));
  UploadPartCopyResponse response;
  response.copy_part_result = CopyPartResult{.e_tag = Quoted(part.etag), .last_modified = FromMillis(part.modified_millis)};
  TellChecksum(*response.copy_part_result, NameOf(kind), part.checksum);
  if (!source.bucket->versioning.empty()) response.copy_source_version_id = source.row.version_id;
  TellEncryption(upload.object, response);
  co_return response;
}

Task<Result<CompleteMultipartUploadResponse>> S3Api::CompleteMultipartUpload(Context& ctx, CompleteMultipartUploadRequest request) {
  MF_CO_TRY(const BucketPointer bucket, parts_.buckets->Get(request.bucket));
  const UploadName name = NameOfUpload(request);
  MF_CO_TRY(const UploadRow upload, co_await parts_.uploads->Find(ctx, name));
  Completion completion{.bucket = bucket, .parts = {}, .checksum = {}, .checksum_type = request.checksum_type.value_or(""), .size = request.mpu_object_size,
                        .conditions = {.if_match = request.if_match, .if_none_match = request.if_none_match}};
  if (request.multipart_upload && request.multipart_upload->parts) {
    for (const CompletedPart& part : *request.multipart_upload->parts) {
      completion.parts.push_back({.number = part.part_number.value_or(0), .etag = std::string(Unquoted(part.e_tag.value_or(""))),
                                  .checksum = ClaimedChecksum(part, upload.object.checksum_kind)});
    }
  }
  ForChecksums(request, [&](ChecksumKind kind, const std::optional<std::string>& value) {
    if (value && NameOf(kind) == upload.object.checksum_kind) completion.checksum = *value;
  });
  MF_CO_TRY(const ObjectRow put, co_await parts_.uploads->Complete(ctx, name, std::move(completion)));
  CompleteMultipartUploadResponse response;
  response.location = "/" + request.bucket + "/" + FormEncoded(request.key);
  response.bucket = request.bucket;
  response.key = request.key;
  response.e_tag = Quoted(put.etag);
  if (!bucket->versioning.empty()) response.version_id = put.version_id;
  TellChecksum(response, put.checksum_kind, put.checksum);
  response.checksum_type = put.checksum_type;
  TellEncryption(put, response);
  co_return response;
}

Task<Result<AbortMultipartUploadResponse>> S3Api::AbortMultipartUpload(Context& ctx, AbortMultipartUploadRequest request) {
  MF_CO_TRY_VOID(parts_.buckets->Get(request.bucket));
  MF_CO_TRY_VOID(co_await parts_.uploads->Abort(ctx, NameOfUpload(request)));
  co_return AbortMultipartUploadResponse{};
}

Task<Result<ListPartsResponse>> S3Api::ListParts(Context& ctx, ListPartsRequest request) {
  MF_CO_TRY(const BucketPointer bucket, parts_.buckets->Get(request.bucket));
  const UploadName name = NameOfUpload(request);
  MF_CO_TRY(const UploadRow upload, co_await parts_.uploads->Find(ctx, name));
  const auto limit = static_cast<size_t>(std::clamp(request.max_parts.value_or(kUploadPageMax), 0, kUploadPageMax));
  const int after = std::max(0, request.part_number_marker.value_or(0));
  MF_CO_TRY(const auto parts, co_await parts_.uploads->Parts(ctx, name, after, limit + 1));
  ListPartsResponse response;
  response.bucket = request.bucket;
  response.key = request.key;
  response.upload_id = request.upload_id;
  response.part_number_marker = after;
  response.max_parts = static_cast<int32_t>(limit);
  response.is_truncated = parts.size() > limit;
  response.storage_class = upload.object.storage_class.empty() ? "STANDARD" : upload.object.storage_class;
  response.initiator = Initiator{.id = CanonicalUserOf(upload.object.account_id)};
  response.owner = Owner{.display_name = {}, .id = CanonicalUserOf(bucket->account_id)};
  response.checksum_algorithm = upload.object.checksum_kind;
  response.checksum_type = upload.object.checksum_type;
  for (size_t i = 0; i < std::min(parts.size(), limit); ++i) {
    if (!response.parts) response.parts.emplace();
    Part& part = response.parts->emplace_back();
    part.part_number = parts[i].number;
    part.last_modified = FromMillis(parts[i].modified_millis);
    part.e_tag = Quoted(parts[i].etag);
    part.size = parts[i].size;
    TellChecksum(part, upload.object.checksum_kind, parts[i].checksum);
    response.next_part_number_marker = parts[i].number;
  }
  co_return response;
}

Task<Result<ListMultipartUploadsResponse>> S3Api::ListMultipartUploads(Context& ctx, ListMultipartUploadsRequest request) {
  MF_CO_TRY(const BucketPointer bucket, parts_.buckets->Get(request.bucket));
  ListRequest list{.bucket = request.bucket, .prefix = request.prefix.value_or(""), .delimiter = request.delimiter.value_or(""),
                   .after = request.key_marker.value_or(""), .after_id = request.upload_id_marker.value_or("")};
  list.limit = std::clamp(request.max_uploads.value_or(kUploadPageMax), 0, kUploadPageMax);
  if (list.after.empty()) list.after_id.clear();
  const auto encoded = [&](const std::string& text) { return request.encoding_type ? FormEncoded(text) : text; };
  MF_CO_TRY(const auto page, co_await parts_.uploads->List(ctx, list));
  ListMultipartUploadsResponse response;
  response.bucket = request.bucket;
  response.key_marker = encoded(list.after);
  response.upload_id_marker = list.after_id;
  if (!list.prefix.empty()) response.prefix = encoded(list.prefix);
  if (!list.delimiter.empty()) response.delimiter = encoded(list.delimiter);
  response.max_uploads = list.limit;
  response.is_truncated = page.is_truncated;
  response.encoding_type = request.encoding_type;
  if (page.is_truncated) {
    response.next_key_marker = encoded(page.last);
    response.next_upload_id_marker = page.last_id;
  }
  for (const ListedUpload& upload : page.items) {
    if (!response.uploads) response.uploads.emplace();
    const ObjectRow& object = upload.row.object;
    response.uploads->push_back({.upload_id = upload.id, .key = encoded(upload.key), .initiated = FromMillis(upload.row.initiated_millis),
                                 .storage_class = object.storage_class.empty() ? "STANDARD" : object.storage_class,
                                 .owner = Owner{.display_name = {}, .id = CanonicalUserOf(bucket->account_id)},
                                 .initiator = Initiator{.id = CanonicalUserOf(object.account_id)}, .checksum_algorithm = object.checksum_kind,
                                 .checksum_type = object.checksum_type});
  }
  for (const std::string& prefix : page.prefixes) {
    if (!response.common_prefixes) response.common_prefixes.emplace();
    response.common_prefixes->push_back({.prefix = encoded(prefix)});
  }
  co_return response;
}

}  // namespace mayfly::s3
