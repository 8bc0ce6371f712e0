#include "base/encoding.h"
#include "base/text.h"
#include "services/s3/lifecycle.h"
#include "services/s3/s3_api.h"

namespace mayfly::s3 {
namespace {

Error BadDigest(std::string_view what) { return Error::Service("BadDigest", std::string("The ").append(what).append(" you specified did not match ")); }

Error BadMd5(std::string_view expected, std::string_view computed) {
  Error error = BadDigest("Content-MD5");
  error.message += "what we received.";
  return WithElement(WithElement(std::move(error), "ExpectedDigest", expected), "CalculatedDigest", computed);
}

Error BadChecksum(ChecksumKind kind) {
  Error error = BadDigest(NameOf(kind));
  error.message += "the calculated checksum.";
  return error;
}

Result<> CheckMd5(const std::optional<std::string>& content_md5, const std::string& md5) {
  if (!content_md5) return {};
  const auto expected = Base64Decode(*content_md5);
  if (!expected || expected->size() != md5.size()) return Fail(Error::Service("InvalidDigest", "The Content-MD5 you specified was invalid."));
  if (*expected != md5) return Fail(BadMd5(*content_md5, Base64Encode(md5)));
  return {};
}

}  // namespace

void TakeStored(const StoredData& data, const ExpectedChecksum& expected, ObjectRow& row) {
  row.size = data.size;
  row.etag = HexEncode(data.md5);
  row.checksum_kind = NameOf(expected.kind);
  row.checksum = Base64Encode(data.checksum);
  row.checksum_type = kFullObject;
}

Task<Result<StoredData>> S3Api::TakeBody(Context& ctx, wire::BlobStream& body, DataWriter& writer, const ExpectedChecksum& expected,
                                         const std::optional<std::string>& content_md5) {
  while (true) {
    MF_CO_TRY(const std::string piece, co_await body.Read(ctx));
    if (piece.empty()) break;
    MF_CO_TRY_VOID(co_await writer.Write(ctx, piece));
  }
  std::string value = expected.value;
  if (const std::string* trailer = body.trailers().Find(HeaderOf(expected.kind))) {
    if (!value.empty()) co_return Fail(InvalidRequest("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."));
    MF_CO_TRY_VOID(CheckValue(expected.kind, *trailer));
    value = *trailer;
  }
  MF_CO_TRY(StoredData data, co_await writer.Finish(ctx));
  MF_CO_TRY_VOID(CheckMd5(content_md5, data.md5));
  if (!value.empty() && Base64Decode(value) != data.checksum) co_return Fail(BadChecksum(expected.kind));
  co_return data;
}

Task<Result<PutObjectResponse>> S3Api::PutObject(Context& ctx, PutObjectRequest request) {
  MF_CO_TRY(BucketPointer bucket, parts_.buckets->Get(request.bucket));
  MF_CO_TRY_VOID(CheckKey(request.key));
  if (request.write_offset_bytes) co_return Fail(HeaderNotImplemented("x-amz-write-offset-bytes"));
  ObjectRow row;
  row.account_id = ctx.principal.account_id;
  MF_CO_TRY_VOID(TakeMetadata(request, row));
  MF_CO_TRY_VOID(TakeControls(request, *bucket, parts_.objects->clock().WallNow(), row));
  MF_CO_TRY(row.tags, ParseTagging(request.tagging.value_or("")));
  MF_CO_TRY(const ExpectedChecksum expected, ExpectedOf(request, request.trailer));
  DataWriter writer(parts_.objects->files(), expected.kind);
  wire::BlobStream body = request.body ? std::move(*request.body) : wire::BlobStream();
  MF_CO_TRY(StoredData data, co_await TakeBody(ctx, body, writer, expected, request.content_md5));
  TakeStored(data, expected, row);
  // What was set for the bucket while the body came counts.
  MF_CO_TRY(bucket, parts_.buckets->Get(request.bucket));
  Insertion insertion{.bucket = bucket, .key = request.key, .row = std::move(row), .data = std::move(data), .writer = &writer, .parts = {},
                      .conditions = {.if_match = request.if_match, .if_none_match = request.if_none_match}, .further = {}, .garbage = {},
                      .event = "ObjectCreated:Put"};
  MF_CO_TRY(const ObjectRow put, co_await parts_.objects->Insert(ctx, std::move(insertion)));
  PutObjectResponse response;
  response.e_tag = Quoted(put.etag);
  if (!bucket->versioning.empty()) response.version_id = put.version_id;
  TellChecksum(response, put.checksum_kind, put.checksum);
  response.checksum_type = put.checksum_type;
  TellEncryption(put, response);
  response.expiration = ExpirationText(bucket->Setting("lifecycle"), request.key, put);
  co_return response;
}

}  // namespace mayfly::s3
