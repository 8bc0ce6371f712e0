#include <algorithm>

#include "base/encoding.h"
#include "services/s3/s3_api.h"

namespace mayfly::s3 {
namespace {

// What listings write so that XML can hold any key.
class KeyEncoding {
 public:
  static Result<KeyEncoding> Of(const std::optional<std::string>& type) {
    if (type && *type != "url") return Fail(InvalidArgument("Invalid Encoding Method specified in Request", "encoding-type", *type));
    return KeyEncoding(type.has_value());
  }
  std::string operator()(std::string_view text) const { return is_url_ ? FormEncoded(text) : std::string(text); }

 private:
  explicit KeyEncoding(bool is_url) : is_url_(is_url) {}
  bool is_url_;
};

Result<int> LimitOf(const std::optional<int32_t>& max_keys) {
  if (max_keys.value_or(0) < 0) {
    return Fail(InvalidArgument("Argument maxKeys must be an integer between 0 and 2147483647", "maxKeys", std::to_string(*max_keys)));
  }
  return std::min<int>(max_keys.value_or(kKeysPageMax), kKeysPageMax);
}

template <typename Request>
Result<ListRequest> ListRequestOf(const Request& request) {
  ListRequest list{.bucket = request.bucket, .prefix = request.prefix.value_or(""), .delimiter = request.delimiter.value_or(""), .after = {}, .after_id = {}};
  MF_TRY(list.limit, LimitOf(request.max_keys));
  return list;
}

Owner OwnerOfRow(const BucketRow& bucket) { return {.display_name = std::nullopt, .id = CanonicalUserOf(bucket.account_id)}; }

Object Listed(const ListedObject& from, const KeyEncoding& encoded) {
  Object object;
  object.key = encoded(from.key);
  object.last_modified = FromMillis(from.row.modified_millis);
  object.e_tag = Quoted(from.row.etag);
  object.size = from.row.size;
  object.storage_class = from.row.storage_class.empty() ? "STANDARD" : from.row.storage_class;
  if (!from.row.checksum_kind.empty()) {
    object.checksum_algorithm = {from.row.checksum_kind};
    object.checksum_type = from.row.checksum_type;
  }
  return object;
}

std::optional<std::vector<CommonPrefix>> PrefixesOf(const std::vector<std::string>& prefixes, const KeyEncoding& encoded) {
  if (prefixes.empty()) return std::nullopt;
  std::vector<CommonPrefix> list;
  for (const std::string& prefix : prefixes) list.push_back({.prefix = encoded(prefix)});
  return list;
}

// What all listings of keys say back.
template <typename Request, typename Response>
void TellRequest(const Request& request, const ListRequest& list, const KeyEncoding& encoded, Response& response) {
  response.name = request.bucket;
  response.prefix = encoded(list.prefix);
  if (!list.delimiter.empty()) response.delimiter = encoded(list.delimiter);
  response.max_keys = list.limit;
  response.encoding_type = request.encoding_type;
}

ObjectVersion ListedOf(const ListedVersion& from, const BucketRow& bucket, const KeyEncoding& encoded) {
  ObjectVersion version;
  version.key = encoded(from.key);
  version.version_id = from.row.version_id;
  version.is_latest = from.is_latest;
  version.last_modified = FromMillis(from.row.modified_millis);
  version.e_tag = Quoted(from.row.etag);
  version.size = from.row.size;
  version.storage_class = from.row.storage_class.empty() ? "STANDARD" : from.row.storage_class;
  version.owner = OwnerOfRow(bucket);
  if (!from.row.checksum_kind.empty()) {
    version.checksum_algorithm = {from.row.checksum_kind};
    version.checksum_type = from.row.checksum_type;
  }
  return version;
}

}  // namespace

Task<Result<ListObjectsResponse>> S3Api::ListObjects(Context& ctx, ListObjectsRequest request) {
  MF_CO_TRY(const BucketPointer bucket, parts_.buckets->Get(request.bucket));
  MF_CO_TRY(const KeyEncoding encoded, KeyEncoding::Of(request.encoding_type));
  MF_CO_TRY(ListRequest list, ListRequestOf(request));
  list.after = request.marker.value_or("");
  MF_CO_TRY(const auto page, co_await ListKeys(ctx, parts_.objects->store(), list));
  ListObjectsResponse response;
  TellRequest(request, list, encoded, response);
  response.marker = encoded(list.after);
  response.is_truncated = page.is_truncated;
  if (page.is_truncated && !list.delimiter.empty()) response.next_marker = encoded(page.last);
  for (const ListedObject& object : page.items) {
    if (!response.contents) response.contents.emplace();
    response.contents->push_back(Listed(object, encoded));
    response.contents->back().owner = OwnerOfRow(*bucket);
  }
  response.common_prefixes = PrefixesOf(page.prefixes, encoded);
  co_return response;
}

Task<Result<ListObjectsV2Response>> S3Api::ListObjectsV2(Context& ctx, ListObjectsV2Request request) {
  MF_CO_TRY(const BucketPointer bucket, parts_.buckets->Get(request.bucket));
  MF_CO_TRY(const KeyEncoding encoded, KeyEncoding::Of(request.encoding_type));
  MF_CO_TRY(ListRequest list, ListRequestOf(request));
  list.after = request.start_after.value_or("");
  if (request.continuation_token) {
    const auto place = resources::ReadMarker(*request.continuation_token);
    if (!place) co_return Fail(InvalidArgument("The continuation token provided is incorrect", "continuation-token", *request.continuation_token));
    list.after = *place;
  }
  MF_CO_TRY(const auto page, co_await ListKeys(ctx, parts_.objects->store(), list));
  ListObjectsV2Response response;
  TellRequest(request, list, encoded, response);
  response.is_truncated = page.is_truncated;
  response.key_count = static_cast<int32_t>(page.items.size() + page.prefixes.size());
  response.continuation_token = request.continuation_token;
  if (request.start_after) response.start_after = encoded(*request.start_after);
  if (page.is_truncated) response.next_continuation_token = resources::WriteMarker(page.last);
  for (const ListedObject& object : page.items) {
    if (!response.contents) response.contents.emplace();
    response.contents->push_back(Listed(object, encoded));
    if (request.fetch_owner.value_or(false)) response.contents->back().owner = OwnerOfRow(*bucket);
  }
  response.common_prefixes = PrefixesOf(page.prefixes, encoded);
  co_return response;
}

Task<Result<ListObjectVersionsResponse>> S3Api::ListObjectVersions(Context& ctx, ListObjectVersionsRequest request) {
  MF_CO_TRY(const BucketPointer bucket, parts_.buckets->Get(request.bucket));
  MF_CO_TRY(const KeyEncoding encoded, KeyEncoding::Of(request.encoding_type));
  MF_CO_TRY(ListRequest list, ListRequestOf(request));
  list.after = request.key_marker.value_or("");
  list.after_id = request.version_id_marker.value_or("");
  if (!list.after_id.empty() && list.after.empty()) {
    co_return Fail(InvalidArgument("A version-id marker cannot be specified without a key marker.", "version-id-marker", list.after_id));
  }
  MF_CO_TRY(auto page, co_await ListVersions(ctx, parts_.objects->store(), list));
  ListObjectVersionsResponse response;
  TellRequest(request, list, encoded, response);
  response.key_marker = encoded(list.after);
  response.version_id_marker = list.after_id;
  response.is_truncated = page.is_truncated;
  if (page.is_truncated) {
    response.next_key_marker = encoded(page.last);
    if (!page.last_id.empty()) response.next_version_id_marker = page.last_id;
  }
  for (const ListedVersion& version : page.items) {
    if (version.row.is_marker) {
      if (!response.delete_markers) response.delete_markers.emplace();
      response.delete_markers->push_back({.owner = OwnerOfRow(*bucket), .key = encoded(version.key), .version_id = version.row.version_id,
                                          .is_latest = version.is_latest, .last_modified = FromMillis(version.row.modified_millis)});
    } else {
      if (!response.versions) response.versions.emplace();
      response.versions->push_back(ListedOf(version, *bucket, encoded));
    }
  }
  response.common_prefixes = PrefixesOf(page.prefixes, encoded);
  co_return response;
}

}  // namespace mayfly::s3
