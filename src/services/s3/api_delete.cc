#include "services/s3/s3_api.h"

namespace mayfly::s3 {

Task<Result<DeleteObjectResponse>> S3Api::DeleteObject(Context& ctx, DeleteObjectRequest request) {
  MF_CO_TRY(const BucketPointer bucket, parts_.buckets->Get(request.bucket));
  Removal removal{.bucket = bucket, .key = request.key, .version_id = request.version_id, .if_match = request.if_match,
                  .bypasses_governance = request.bypass_governance_retention.value_or(false), .only_if = {}};
  MF_CO_TRY(const Removed removed, co_await parts_.objects->Remove(ctx, std::move(removal)));
  DeleteObjectResponse response;
  if (removed.is_marker) response.delete_marker = true;
  if (!removed.version_id.empty()) response.version_id = removed.version_id;
  co_return response;
}

Task<> S3Api::DeleteOne(const Context& from, const BucketPointer& bucket, const ObjectIdentifier& object, bool bypasses_governance, DeletedObject& deleted,
                        std::optional<DeleteError>& error) {
  Context ctx = from;
  Removal removal{.bucket = bucket, .key = object.key, .version_id = object.version_id, .if_match = object.e_tag, .bypasses_governance = bypasses_governance,
                  .only_if = {}};
  Result<> allowed = parts_.authorizer->Authorize(identity::RequestPrincipal::Of(ctx.principal), object.version_id ? "s3:DeleteObjectVersion" : "s3:DeleteObject",
                                                  bucket->name, object.key);
  Result<Removed> removed = allowed ? co_await parts_.objects->Remove(ctx, std::move(removal)) : Fail(std::move(allowed).error());
  if (!removed) {
    const Error shown = removed.error().kind == Error::Kind::Service ? removed.error() : Error::Service("InternalError", "We encountered an internal error. Please try again.");
    error = DeleteError{.key = object.key, .version_id = object.version_id, .code = shown.code == "AccessDeniedException" ? "AccessDenied" : shown.code, .message = shown.message};
    co_return;
  }
  deleted.key = object.key;
  deleted.version_id = object.version_id;
  if (!removed->is_marker) co_return;
  deleted.delete_marker = true;
  deleted.delete_marker_version_id = removed->version_id;
}

// At once, so that they share the store's commits.
Task<Result<DeleteObjectsResponse>> S3Api::DeleteObjects(Context& ctx, DeleteObjectsRequest request) {
  MF_CO_TRY(const BucketPointer bucket, parts_.buckets->Get(request.bucket));
  const auto& objects = request.delete_.objects;
  if (objects.empty() || objects.size() > kDeletionsMax) co_return Fail(MalformedXml());
  std::vector<DeletedObject> deleted(objects.size());
  std::vector<std::optional<DeleteError>> errors(objects.size());
  {
    TaskScope tasks(*parts_.loop);
    for (size_t i = 0; i < objects.size(); ++i) {
      tasks.Spawn(DeleteOne(ctx, bucket, objects[i], request.bypass_governance_retention.value_or(false), deleted[i], errors[i]));
    }
    co_await tasks.Join();
  }
  DeleteObjectsResponse response;
  for (size_t i = 0; i < objects.size(); ++i) {
    if (errors[i]) {
      if (!response.errors) response.errors.emplace();
      response.errors->push_back(std::move(*errors[i]));
    } else if (!request.delete_.quiet.value_or(false)) {
      if (!response.deleted) response.deleted.emplace();
      response.deleted->push_back(std::move(deleted[i]));
    }
  }
  co_return response;
}

}  // namespace mayfly::s3
