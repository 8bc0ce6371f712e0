#include <fmt/format.h>

#include "services/s3/s3_api.h"

namespace mayfly::s3 {
namespace {

constexpr std::string_view kHomeRegion = "us-east-1";
constexpr std::string_view kOldEurope = "EU";

Error BadBucketName(const std::string& name) {
  return WithElement(Error::Service("InvalidBucketName", "The specified bucket is not valid."), "BucketName", name);
}

Error IncompatibleRegion(std::string_view constraint) {
  return Error::Service("IllegalLocationConstraintException",
                        fmt::format("The {} location constraint is incompatible for the region specific endpoint this request was sent to.", constraint));
}

// The region that a new bucket is in, as the caller's endpoint and the request say.
Result<> CheckConstraint(const std::string& region, const std::string& constraint) {
  if (constraint.empty()) return region == kHomeRegion ? Result<>() : Fail(IncompatibleRegion("unspecified"));
  if (constraint == kHomeRegion) {
    return Fail(WithElement(Error::Service("InvalidLocationConstraint", "The specified location-constraint is not valid"), "LocationConstraint", constraint));
  }
  if (constraint == region || (constraint == kOldEurope && region == "eu-west-1")) return {};
  return Fail(IncompatibleRegion(constraint));
}

Owner OwnerOf(const std::string& account_id) { return {.display_name = std::nullopt, .id = CanonicalUserOf(account_id)}; }

}  // namespace

Task<Result<ListBucketsResponse>> S3Api::ListBuckets(Context& ctx, ListBucketsRequest request) {
  const size_t limit = request.max_buckets ? static_cast<size_t>(std::clamp(*request.max_buckets, 1, 10'000)) : kBucketsMax;
  std::string after;
  if (request.continuation_token) {
    const auto place = resources::ReadMarker(*request.continuation_token);
    if (!place) co_return Fail(InvalidArgument("The continuation token provided is incorrect", "continuation-token", *request.continuation_token));
    after = *place;
  }
  ListBucketsResponse response{.buckets = std::vector<Bucket>(), .owner = OwnerOf(ctx.principal.account_id), .continuation_token = {}, .prefix = request.prefix};
  const bool is_paged = request.max_buckets || request.continuation_token;
  for (const auto& row : parts_.buckets->List(ctx.principal.account_id, request.prefix.value_or(""), after, limit + 1)) {
    if (request.bucket_region && row.value->region != *request.bucket_region) continue;
    if (response.buckets->size() == limit) {
      response.continuation_token = resources::WriteMarker(*response.buckets->back().name);
      break;
    }
    Bucket bucket{.name = row.value->name, .creation_date = FromMillis(row.value->created_millis), .bucket_region = {}, .bucket_arn = {}};
    if (is_paged || request.bucket_region) bucket.bucket_region = row.value->region;
    response.buckets->push_back(std::move(bucket));
  }
  co_return response;
}

Task<Result<CreateBucketResponse>> S3Api::CreateBucket(Context& ctx, CreateBucketRequest request) {
  if (!IsBucketName(request.bucket)) co_return Fail(BadBucketName(request.bucket));
  const CreateBucketConfiguration wish = request.create_bucket_configuration.value_or(CreateBucketConfiguration{});
  MF_CO_TRY_VOID(CheckConstraint(ctx.principal.region, wish.location_constraint.value_or("")));
  BucketRow row{.name = request.bucket, .account_id = ctx.principal.account_id, .region = ctx.principal.region};
  row.created_millis = ToEpochMillis(parts_.loop->WallNow());
  row.ownership = request.object_ownership.value_or("BucketOwnerEnforced");
  const GrantHeaders grants = GrantHeadersOf(request);
  if (row.ownership == "BucketOwnerEnforced" && (!grants.empty() || request.acl.value_or("private") != "private")) {
    co_return Fail(Error::Service("InvalidBucketAclWithObjectOwnership", "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"));
  }
  MF_CO_TRY(row.acl, AclOf(request.acl, grants, row.ownership));
  MF_CO_TRY(row.tags, TagsOf(wish.tags.value_or(std::vector<Tag>()), kBucketTagsMax));
  if (request.object_lock_enabled_for_bucket.value_or(false)) {
    row.has_object_lock = true;
    row.versioning = "Enabled";
  }
  auto created = co_await parts_.buckets->Create(ctx, std::move(row));
  // In the oldest region to make one's own bucket again is no error.
  const bool is_again = !created && created.error().code == "BucketAlreadyOwnedByYou" && ctx.principal.region == kHomeRegion;
  if (!created && !is_again) co_return Fail(std::move(created).error());
  co_return CreateBucketResponse{.location = "/" + request.bucket, .bucket_arn = BucketArn(request.bucket)};
}

Task<Result<HeadBucketResponse>> S3Api::HeadBucket(Context&, HeadBucketRequest request) {
  MF_CO_TRY(const BucketPointer bucket, parts_.buckets->Get(request.bucket));
  co_return HeadBucketResponse{.bucket_arn = BucketArn(bucket->name), .bucket_location_type = {}, .bucket_location_name = {}, .bucket_region = bucket->region,
                               .access_point_alias = false};
}

Task<Result<>> S3Api::DeleteBucket(Context& ctx, DeleteBucketRequest request) {
  MF_CO_TRY_VOID(parts_.buckets->Get(request.bucket));
  MF_CO_TRY_VOID(co_await parts_.uploads->AbortAll(ctx, request.bucket));
  MF_CO_TRY(const auto closed, co_await parts_.objects->Close(ctx, request.bucket));
  co_return co_await parts_.buckets->Delete(ctx, request.bucket);
}

// The document's root holds the region itself, which no structure of the model can say.
Task<Result<GetBucketLocationResponse>> S3Api::GetBucketLocation(Context&, GetBucketLocationRequest request) {
  MF_CO_TRY(const BucketPointer bucket, parts_.buckets->Get(request.bucket));
  const std::string region = bucket->region == kHomeRegion ? std::string() : bucket->region;
  co_return GetBucketLocationResponse{
      .location_constraint = fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<LocationConstraint xmlns=\"{}\">{}</LocationConstraint>",
                                         kService.xml_namespace, region),
      .content_type = "application/xml"};
}

}  // namespace mayfly::s3
