#include "base/encoding.h"
#include "base/text.h"
#include "services/s3/s3_api.h"

namespace mayfly::s3 {
namespace {

Error ToItself() {
  return InvalidRequest("This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, "
                        "website redirect location or encryption attributes.");
}

// Whether a copy onto itself changes anything.
bool Changes(const CopyObjectRequest& request, const BucketRow& bucket) {
  return request.metadata_directive == "REPLACE" || request.storage_class || request.website_redirect_location || request.server_side_encryption ||
         !bucket.versioning.empty() || request.checksum_algorithm;
}

struct SourceName {
  std::string bucket;
  std::string key;
  std::optional<std::string> version_id;
};

// "[/]bucket/key[?versionId=ID]", encoded; a plus is a blank.
std::optional<SourceName> ParseSource(std::string_view text) {
  SourceName source;
  constexpr std::string_view kVersion = "?versionId=";
  if (const size_t at = text.find(kVersion); at != std::string_view::npos) {
    source.version_id = std::string(text.substr(at + kVersion.size()));
    text = text.substr(0, at);
  }
  std::string plain(text);
  std::ranges::replace(plain, '+', ' ');
  const auto decoded = PercentDecode(plain);
  if (!decoded) return std::nullopt;
  std::string_view rest = *decoded;
  if (rest.starts_with('/')) rest.remove_prefix(1);
  const size_t slash = rest.find('/');
  if (slash == std::string_view::npos || slash + 1 == rest.size()) return std::nullopt;
  source.bucket = rest.substr(0, slash);
  source.key = rest.substr(slash + 1);
  return source;
}

Result<> TakeCopied(const CopyObjectRequest& request, const ObjectRow& source, ObjectRow& row) {
  const std::string directive = request.metadata_directive.value_or("COPY"), tagging = request.tagging_directive.value_or("COPY");
  if (directive != "COPY" && directive != "REPLACE") return Fail(InvalidArgument("Unknown metadata directive.", "x-amz-metadata-directive", directive));
  if (tagging != "COPY" && tagging != "REPLACE") return Fail(InvalidArgument("Unknown tagging directive.", "x-amz-tagging-directive", tagging));
  if (directive == "REPLACE") {
    MF_TRY_VOID(TakeMetadata(request, row));
  } else {
    row.headers = source.headers;
    row.metadata = source.metadata;
    std::erase_if(row.headers, [](const auto& header) { return header.first == "x-amz-website-redirect-location"; });
  }
  row.tags = source.tags;
  if (tagging == "REPLACE") {
    MF_TRY(row.tags, ParseTagging(request.tagging.value_or("")));
  }
  return {};
}

}  // namespace

Task<Result<S3Api::CopySource>> S3Api::FindSource(Context& ctx, const std::string& copy_source, const ReadConditions& conditions) {
  const auto name = ParseSource(copy_source);
  if (!name) co_return Fail(InvalidArgument("Copy Source must mention the source bucket and key: sourcebucket/sourcekey", "x-amz-copy-source", copy_source));
  CopySource source{.bucket = nullptr, .key = name->key, .row = {}};
  MF_CO_TRY(source.bucket, parts_.buckets->Get(name->bucket));
  auto row = co_await Locate(ctx, *source.bucket, name->key, name->version_id, "s3:GetObject");
  if (!row && row.error().code == "MethodNotAllowed") {
    co_return Fail(InvalidRequest("The source of a copy request may not specifically refer to a delete marker by version id."));
  }
  if (!row) co_return Fail(std::move(row).error());
  source.row = std::move(*row);
  MF_CO_TRY(const ReadVerdict verdict, CheckRead(conditions, source.row));
  if (verdict == ReadVerdict::NotModified) co_return Fail(PreconditionFailed("x-amz-copy-source-If-None-Match"));
  co_return source;
}

Task<Result<StoredData>> S3Api::CopyData(Context& ctx, const ObjectRow& row, ByteRange range, DataWriter& writer) {
  MF_CO_TRY(const auto reader, co_await parts_.objects->OpenData(ctx, row, range.offset, range.size));
  while (true) {
    MF_CO_TRY(const std::string piece, co_await reader->Read(ctx));
    if (piece.empty()) break;
    MF_CO_TRY_VOID(co_await writer.Write(ctx, piece));
  }
  co_return co_await writer.Finish(ctx);
}

Task<Result<CopyObjectResponse>> S3Api::CopyObject(Context& ctx, CopyObjectRequest request) {
  MF_CO_TRY(const BucketPointer bucket, parts_.buckets->Get(request.bucket));
  MF_CO_TRY_VOID(CheckKey(request.key));
  const ReadConditions conditions{request.copy_source_if_match, request.copy_source_if_none_match, request.copy_source_if_modified_since,
                                  request.copy_source_if_unmodified_since};
  MF_CO_TRY(const CopySource source, co_await FindSource(ctx, request.copy_source, conditions));
  if (source.row.size > kCopyBytesMax) {
    co_return Fail(InvalidRequest("The specified copy source is larger than the maximum allowable size for a copy source: 5368709120"));
  }
  const bool onto_itself = source.bucket->name == bucket->name && source.key == request.key;
  if (onto_itself && !Changes(request, *bucket)) co_return Fail(ToItself());
  ObjectRow row;
  row.account_id = ctx.principal.account_id;
  MF_CO_TRY_VOID(TakeCopied(request, source.row, row));
  MF_CO_TRY_VOID(TakeControls(request, *bucket, parts_.objects->clock().WallNow(), row));
  if (request.website_redirect_location) row.headers.emplace_back("x-amz-website-redirect-location", *request.website_redirect_location);
  ExpectedChecksum wanted;
  const auto kept = ChecksumNamed(source.row.checksum_kind);
  if (request.checksum_algorithm || !kept) {
    MF_CO_TRY(wanted.kind, KindOf(request.checksum_algorithm, std::nullopt));
  } else {
    wanted.kind = *kept;
  }
  DataWriter writer(parts_.objects->files(), wanted.kind);
  MF_CO_TRY(StoredData data, co_await CopyData(ctx, source.row, {0, source.row.size}, writer));
  TakeStored(data, wanted, row);
  Insertion insertion{.bucket = bucket, .key = request.key, .row = std::move(row), .data = std::move(data), .writer = &writer, .parts = {},
                      .conditions = {.if_match = request.if_match, .if_none_match = request.if_none_match}, .further = {}, .garbage = {},
                      .event = "ObjectCreated:Copy"};
  MF_CO_TRY(const ObjectRow put, co_await parts_.objects->Insert(ctx, std::move(insertion)));
  CopyObjectResponse response;
  response.copy_object_result = CopyObjectResult{.e_tag = Quoted(put.etag), .last_modified = FromMillis(put.modified_millis), .checksum_type = put.checksum_type};
  TellChecksum(*response.copy_object_result, put.checksum_kind, put.checksum);
  if (!bucket->versioning.empty()) response.version_id = put.version_id;
  if (!source.bucket->versioning.empty()) response.copy_source_version_id = source.row.version_id;
  TellEncryption(put, response);
  co_return response;
}

}  // namespace mayfly::s3
