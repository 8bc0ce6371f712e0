#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "base/text.h"
#include "services/s3/lifecycle.h"
#include "services/s3/s3_api.h"

namespace mayfly::s3 {
namespace {

constexpr int kPartial = 206;
constexpr int kNotModified = 304;
constexpr int kPartsPageMax = 1000;
// How often an object is looked for again that was replaced between its row and its bytes.
constexpr int kReadAttemptsMax = 5;

bool HasGone(const Error& error) { return error.code == "ENOENT"; }

Error MarkerIsNewest(const ObjectRow& marker, std::string_view key) {
  return WithHeader(WithHeader(NoSuchKey(key), "x-amz-delete-marker", "true"), "x-amz-version-id", marker.version_id);
}

template <typename Request>
ReadConditions ConditionsOf(const Request& request) {
  return {request.if_match, request.if_none_match, request.if_modified_since, request.if_unmodified_since};
}

template <typename Request>
bool HasOverrides(const Request& request) {
  return request.response_cache_control || request.response_content_disposition || request.response_content_encoding || request.response_content_language ||
         request.response_content_type || request.response_expires;
}

template <typename Request, typename Response>
void Override(const Request& request, Response& response) {
  const auto take = [](const std::optional<std::string>& wish, std::optional<std::string>& header) {
    if (wish) header = wish;
  };
  take(request.response_cache_control, response.cache_control);
  take(request.response_content_disposition, response.content_disposition);
  take(request.response_content_encoding, response.content_encoding);
  take(request.response_content_language, response.content_language);
  take(request.response_content_type, response.content_type);
  take(request.response_expires, response.expires);
}

// What both GetObject and HeadObject tell of a view.
template <typename Request, typename Response, typename ViewOf>
void TellView(const Request& request, const ViewOf& view, Response& response) {
  response.status = view.status;
  TellObject(*view.bucket, view.row, response);
  if (view.status == kNotModified) return;
  response.content_length = view.range.size;
  response.expiration = ExpirationText(view.bucket->Setting("lifecycle"), request.key, view.row);
  if (!view.content_range.empty()) response.content_range = view.content_range;
  response.parts_count = view.parts_count;
  if (EqualIgnoringCase(request.checksum_mode.value_or(""), "ENABLED") && view.range.size == view.row.size) {
    TellChecksum(response, view.row.checksum_kind, view.row.checksum);
    if (!view.row.checksum_type.empty()) response.checksum_type = view.row.checksum_type;
  }
  Override(request, response);
}

}  // namespace

Task<Result<ObjectRow>> S3Api::Locate(Context& ctx, const BucketRow& bucket, const std::string& key, const std::optional<std::string>& version_id,
                                      std::string_view action) {
  const auto principal = identity::RequestPrincipal::Of(ctx.principal);
  const std::string wanted = version_id ? std::string(action) + "Version" : std::string(action);
  std::optional<ObjectRow> row;
  if (version_id) {
    MF_CO_TRY(row, co_await parts_.objects->FindVersion(ctx, bucket.name, key, *version_id));
  } else {
    MF_CO_TRY(row, co_await parts_.objects->Find(ctx, bucket.name, key));
  }
  MF_CO_TRY_VOID(parts_.authorizer->Authorize(principal, wanted, bucket.name, key, row && !row->acl.empty() ? row->acl : std::string_view("private")));
  if (row && !row->is_marker) co_return std::move(*row);
  // Who may not list the bucket does not learn what there is not.
  if (!parts_.authorizer->Authorize(principal, "s3:ListBucket", bucket.name, {})) co_return Fail(AccessDenied());
  if (row) co_return Fail(version_id ? MarkerNotAllowed(*row) : MarkerIsNewest(*row, key));
  co_return Fail(version_id ? NoSuchVersion(key, *version_id) : NoSuchKey(key));
}

Task<Result<>> S3Api::ChoosePart(Context& ctx, View& view, int32_t part_number) {
  MF_CO_TRY(const auto parts, co_await parts_.objects->Parts(ctx, view.row));
  const int count = std::max<int>(1, static_cast<int>(parts.size()));
  if (part_number > count) {
    Error error = WithElement(Error::Service("InvalidPartNumber", "The requested partnumber is not satisfiable"), "PartNumberRequested", std::to_string(part_number));
    co_return Fail(WithElement(std::move(error), "ActualPartCount", std::to_string(count)));
  }
  if (!parts.empty()) {
    for (int i = 0; i + 1 < part_number; ++i) view.range.offset += parts[static_cast<size_t>(i)].size;
    view.range.size = parts[static_cast<size_t>(part_number - 1)].size;
    view.parts_count = count;
  }
  view.status = kPartial;
  co_return Result<>();
}

template <typename Request>
Task<Result<S3Api::View>> S3Api::Look(Context& ctx, Request& request) {
  View view;
  MF_CO_TRY(view.bucket, parts_.buckets->Get(request.bucket));
  MF_CO_TRY_VOID(RefuseCustomerKeys(request));
  if (request.range && request.part_number) co_return Fail(InvalidRequest("Cannot specify both Range header and partNumber query parameter"));
  if (request.part_number) MF_CO_TRY_VOID(CheckPartNumber(*request.part_number));
  if (ctx.principal.account_id.empty() && HasOverrides(request)) {
    co_return Fail(InvalidRequest("Request specific response headers cannot be used for anonymous GET requests."));
  }
  MF_CO_TRY(view.row, co_await Locate(ctx, *view.bucket, request.key, request.version_id, "s3:GetObject"));
  MF_CO_TRY(const ReadVerdict verdict, CheckRead(ConditionsOf(request), view.row));
  view.range = {0, view.row.size};
  if (verdict == ReadVerdict::NotModified) {
    view.status = kNotModified;
    co_return view;
  }
  if (request.part_number) {
    MF_CO_TRY_VOID(co_await ChoosePart(ctx, view, *request.part_number));
  } else if (request.range) {
    MF_CO_TRY(const auto range, ParseRange(*request.range, view.row.size));
    if (range) {
      view.range = *range;
      view.status = kPartial;
    }
  }
  if (view.status == kPartial && view.row.size > 0) {
    view.content_range = fmt::format("bytes {}-{}/{}", view.range.offset, view.range.offset + view.range.size - 1, view.row.size);
  }
  co_return view;
}

Task<Result<GetObjectResponse>> S3Api::GetObject(Context& ctx, GetObjectRequest request) {
  for (int attempt = 1;; ++attempt) {
    MF_CO_TRY(const View view, co_await Look(ctx, request));
    GetObjectResponse response;
    TellView(request, view, response);
    if (view.status == kNotModified || view.range.size == 0) co_return response;
    auto reader = co_await parts_.objects->OpenData(ctx, view.row, view.range.offset, view.range.size);
    if (reader) {
      response.body = wire::BlobStream(std::unique_ptr<http::BodyReader>(std::move(*reader)));
      co_return response;
    }
    // It was replaced meanwhile: what there is now is looked at.
    if (!HasGone(reader.error()) || attempt == kReadAttemptsMax) co_return Fail(std::move(reader).error());
  }
}

Task<Result<HeadObjectResponse>> S3Api::HeadObject(Context& ctx, HeadObjectRequest request) {
  MF_CO_TRY(const View view, co_await Look(ctx, request));
  HeadObjectResponse response;
  TellView(request, view, response);
  co_return response;
}

Task<Result<GetObjectAttributesResponse>> S3Api::GetObjectAttributes(Context& ctx, GetObjectAttributesRequest request) {
  MF_CO_TRY(const BucketPointer bucket, parts_.buckets->Get(request.bucket));
  MF_CO_TRY_VOID(RefuseCustomerKeys(request));
  MF_CO_TRY(const ObjectRow row, co_await Locate(ctx, *bucket, request.key, request.version_id, "s3:GetObject"));
  const auto wants = [&](std::string_view name) { return std::ranges::find(request.object_attributes, name) != request.object_attributes.end(); };
  GetObjectAttributesResponse response;
  response.last_modified = FromMillis(row.modified_millis);
  if (!bucket->versioning.empty()) response.version_id = row.version_id;
  if (wants("ETag")) response.e_tag = row.etag;
  if (wants("ObjectSize")) response.object_size = row.size;
  if (wants("StorageClass")) response.storage_class = row.storage_class.empty() ? "STANDARD" : row.storage_class;
  if (wants("Checksum") && !row.checksum.empty()) {
    response.checksum.emplace().checksum_type = row.checksum_type;
    TellChecksum(*response.checksum, row.checksum_kind, row.checksum.substr(0, row.checksum.find('-')));
  }
  if (!wants("ObjectParts") || row.parts == 0) co_return response;
  MF_CO_TRY(const auto parts, co_await parts_.objects->Parts(ctx, row));
  GetObjectAttributesParts& told = response.object_parts.emplace();
  const int most = std::clamp(request.max_parts.value_or(kPartsPageMax), 0, kPartsPageMax);
  told.total_parts_count = row.parts;
  told.part_number_marker = request.part_number_marker.value_or(0);
  told.max_parts = most;
  told.is_truncated = false;
  told.parts.emplace();
  for (const PartRow& part : parts) {
    if (part.number <= *told.part_number_marker) continue;
    if (static_cast<int>(told.parts->size()) == most) {
      told.is_truncated = true;
      break;
    }
    ObjectPart& one = told.parts->emplace_back(ObjectPart{.part_number = part.number, .size = part.size});
    TellChecksum(one, row.checksum_kind, part.checksum);
    told.next_part_number_marker = part.number;
  }
  co_return response;
}

}  // namespace mayfly::s3
