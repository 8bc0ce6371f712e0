// What requests say of objects beside their bytes, and answers tell of them: the members that several operations share, by name.
// Pure functions, any thread.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "model/s3.h"
#include "services/s3/grants.h"
#include "services/s3/buckets.h"
#include "services/s3/checksums.h"
#include "services/s3/s3_errors.h"

namespace mayfly::s3 {

inline constexpr size_t kMetadataBytesMax = 2048;
inline constexpr size_t kObjectTagsMax = 10;
inline constexpr size_t kBucketTagsMax = 50;

// Calls f(kind, member) for each checksum of a request, an answer or a part of one.
template <typename T, typename F>
void ForChecksums(T& message, F f) {
  f(ChecksumKind::Crc32, message.checksum_crc32);
  f(ChecksumKind::Crc32c, message.checksum_crc32_c);
  f(ChecksumKind::Crc64Nvme, message.checksum_crc64_nvme);
  f(ChecksumKind::Sha1, message.checksum_sha1);
  f(ChecksumKind::Sha256, message.checksum_sha256);
}

// Puts a value where its kind stands. `kind`: "CRC32"; "": nothing.
template <typename T>
void TellChecksum(T& message, std::string_view kind, const std::string& value) {
  ForChecksums(message, [&](ChecksumKind one, std::optional<std::string>& member) {
    if (NameOf(one) == kind) member = value;
  });
}

// What a client says the checksum of its bytes is; without a value it wants one of this kind.
struct ExpectedChecksum {
  ChecksumKind kind = ChecksumKind::Crc64Nvme;
  std::string value;  // base64
};
// `algorithm`: of x-amz-sdk-checksum-algorithm or -checksum-algorithm; `trailer`: of x-amz-trailer. Error: InvalidRequest.
Result<ChecksumKind> KindOf(const std::optional<std::string>& algorithm, const std::optional<std::string>& trailer);
Result<> CheckValue(ChecksumKind kind, std::string_view value);

template <typename T>
Result<ExpectedChecksum> ExpectedOf(const T& request, const std::optional<std::string>& trailer) {
  ExpectedChecksum expected;
  int values = 0;
  ForChecksums(request, [&](ChecksumKind kind, const std::optional<std::string>& value) {
    if (!value) return;
    expected = {kind, *value};
    ++values;
  });
  if (request.checksum_sha512 || request.checksum_md5 || request.checksum_xxhash64 || request.checksum_xxhash3 || request.checksum_xxhash128) {
    return Fail(InvalidRequest("Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]"));
  }
  if (values > 1) return Fail(InvalidRequest("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."));
  if (values == 0) {
    MF_TRY(expected.kind, KindOf(request.checksum_algorithm, trailer));
  } else {
    MF_TRY_VOID(CheckValue(expected.kind, expected.value));
  }
  return expected;
}

// Encryption with keys of the client's own is not built.
template <typename T>
Result<> RefuseCustomerKeys(const T& request) {
  if (!request.sse_customer_algorithm && !request.sse_customer_key) return {};
  return Fail(HeaderNotImplemented("x-amz-server-side-encryption-customer-algorithm"));
}

// x-amz-tagging: "a=1&b=2". Errors: InvalidArgument, InvalidTag.
Result<StringPairs> ParseTagging(std::string_view text);
// Errors: InvalidTag, BadRequest when there are more than `most`.
Result<> CheckTags(const StringPairs& tags, size_t most);
Result<StringPairs> TagsOf(const std::vector<Tag>& tags, size_t most);
std::vector<Tag> TagList(const StringPairs& tags);

Result<> CheckMetadata(const StringPairs& metadata);
Result<> CheckStorageClass(std::string_view storage_class);
Result<> CheckEncryption(const std::string& algorithm, const std::string& kms_key_id);
// The retention that the bucket gives each new version, and what a request says of it.
Result<> CheckLockFields(const BucketRow& bucket, const ObjectRow& row);
Result<> TakeDefaultRetention(const BucketRow& bucket, WallTime now, ObjectRow& row);
// The bucket's own encryption, where a request has none.
Result<> TakeDefaultEncryption(const BucketRow& bucket, ObjectRow& row);

// Content-Type … as requests and answers call them.
template <typename T, typename F>
void ForContentHeaders(T& message, F f) {
  f("Cache-Control", message.cache_control);
  f("Content-Disposition", message.content_disposition);
  f("Content-Encoding", message.content_encoding);
  f("Content-Language", message.content_language);
  f("Content-Type", message.content_type);
  f("Expires", message.expires);
  f("x-amz-website-redirect-location", message.website_redirect_location);
}

inline constexpr std::string_view kUsualContentType = "binary/octet-stream";

template <typename T>
void TakeContentHeaders(const T& request, ObjectRow& row) {
  row.headers.clear();
  ForContentHeaders(request, [&](const char* name, const std::optional<std::string>& value) {
    if (value && !value->empty()) row.headers.emplace_back(name, *value);
  });
}

// Of PutObject, CreateMultipartUpload and CopyObject: all but headers, metadata and tags.
template <typename T>
Result<> TakeControls(const T& request, const BucketRow& bucket, WallTime now, ObjectRow& row) {
  MF_TRY_VOID(RefuseCustomerKeys(request));
  MF_TRY(row.acl, AclOf(request.acl, GrantHeadersOf(request), bucket.ownership));
  row.storage_class = request.storage_class.value_or("");
  if (row.storage_class == "STANDARD") row.storage_class.clear();
  MF_TRY_VOID(CheckStorageClass(row.storage_class));
  row.encryption = request.server_side_encryption.value_or("");
  row.kms_key_id = request.ssekms_key_id.value_or("");
  MF_TRY_VOID(CheckEncryption(row.encryption, row.kms_key_id));
  MF_TRY_VOID(TakeDefaultEncryption(bucket, row));
  row.lock_mode = request.object_lock_mode.value_or("");
  row.lock_until_millis = request.object_lock_retain_until_date ? ToEpochMillis(*request.object_lock_retain_until_date) : 0;
  row.has_legal_hold = request.object_lock_legal_hold_status == "ON";
  MF_TRY_VOID(CheckLockFields(bucket, row));
  return TakeDefaultRetention(bucket, now, row);
}

template <typename T>
Result<> TakeMetadata(const T& request, ObjectRow& row) {
  TakeContentHeaders(request, row);
  row.metadata = request.metadata.value_or(wire::Map<std::string>());
  return CheckMetadata(row.metadata);
}

template <typename T>
void TellEncryption(const ObjectRow& row, T& answer) {
  answer.server_side_encryption = row.encryption.empty() ? "AES256" : row.encryption;
  if (!row.kms_key_id.empty()) answer.ssekms_key_id = row.kms_key_id;
}

// What GetObject and HeadObject tell of a version, but for its length and what a Range changes.
template <typename T>
void TellObject(const BucketRow& bucket, const ObjectRow& row, T& answer) {
  answer.accept_ranges = "bytes";
  answer.last_modified = FromMillis(row.modified_millis / 1000 * 1000);
  answer.e_tag = Quoted(row.etag);
  ForContentHeaders(answer, [&](const char* name, std::optional<std::string>& value) {
    if (const auto kept = row.Header(name); !kept.empty()) value = kept;
  });
  if (!answer.content_type) answer.content_type = kUsualContentType;
  if (!row.metadata.empty()) answer.metadata = row.metadata;
  if (!bucket.versioning.empty()) answer.version_id = row.version_id;
  if (!row.storage_class.empty()) answer.storage_class = row.storage_class;
  if (!row.tags.empty()) answer.tag_count = static_cast<int32_t>(row.tags.size());
  TellEncryption(row, answer);
  if (!row.lock_mode.empty()) {
    answer.object_lock_mode = row.lock_mode;
    answer.object_lock_retain_until_date = FromMillis(row.lock_until_millis);
  }
  if (row.has_legal_hold) answer.object_lock_legal_hold_status = "ON";
}

}  // namespace mayfly::s3
