#include "services/s3/object_target.h"

#include "identity/arn.h"
#include "services/s3/s3_api.h"
#include "services/s3/s3_errors.h"

namespace mayfly::s3 {
namespace {

struct ObjectPlace {
  std::string bucket;
  std::string key;
};

// Error: InvalidArgument for an ARN that is no object's.
Result<ObjectPlace> PlaceOf(std::string_view target_arn) {
  const auto arn = identity::ParseArn(target_arn);
  const size_t slash = arn ? arn->resource.find('/') : std::string_view::npos;
  if (slash == std::string_view::npos) return Fail(Error::Service("InvalidArgument", std::string(target_arn) + " is not the ARN of an object"));
  ObjectPlace place{.bucket = std::string(arn->resource.substr(0, slash)), .key = std::string(arn->resource.substr(slash + 1))};
  MF_TRY_VOID(CheckKey(place.key));
  return place;
}

std::string AttributeOf(const delivery::Delivery& delivery, std::string_view name) {
  for (const auto& attribute : delivery.attributes) {
    if (attribute.name == name) return attribute.value;
  }
  return {};
}

}  // namespace

Result<> ObjectTarget::Authorize(const identity::RequestPrincipal& principal, std::string_view target_arn, const identity::ConditionKeys& keys) const {
  MF_TRY(const ObjectPlace place, PlaceOf(target_arn));
  MF_TRY_VOID(buckets_->Get(place.bucket));
  return authorizer_->Authorize(principal, "s3:PutObject", place.bucket, place.key, {}, keys);
}

Task<Result<>> ObjectTarget::Put(Context& ctx, BucketPointer bucket, std::string key, const delivery::Delivery& delivery) {
  ObjectRow row;
  row.account_id = delivery.principal.account_id;
  const std::string type = AttributeOf(delivery, "content-type");
  row.headers.emplace_back("Content-Type", type.empty() ? "application/octet-stream" : type);
  row.acl = AttributeOf(delivery, "canned-acl");
  const ExpectedChecksum expected;
  DataWriter writer(objects_->files(), expected.kind);
  MF_CO_TRY_VOID(co_await writer.Write(ctx, delivery.body));
  MF_CO_TRY(StoredData data, co_await writer.Finish(ctx));
  TakeStored(data, expected, row);
  Insertion insertion{.bucket = std::move(bucket), .key = std::move(key), .row = std::move(row), .data = std::move(data), .writer = &writer,
                      .parts = {}, .conditions = {}, .further = {}, .garbage = {}, .event = "ObjectCreated:Put"};
  MF_CO_TRY_VOID(co_await objects_->Insert(ctx, std::move(insertion)));
  co_return Result<>();
}

Task<Result<>> ObjectTarget::Deliver(Context& ctx, const delivery::Delivery& delivery) {
  MF_CO_TRY(ObjectPlace place, PlaceOf(delivery.target_arn));
  MF_CO_TRY(BucketPointer bucket, buckets_->Get(place.bucket));
  auto put = co_await Put(ctx, std::move(bucket), std::move(place.key), delivery);
  if (put) co_return Result<>();
  Error error = std::move(put).error();
  error.retryable = error.kind == Error::Kind::Fault || error.code == "SlowDown" || error.code == "InsufficientStorage";
  co_return Fail(std::move(error));
}

}  // namespace mayfly::s3
