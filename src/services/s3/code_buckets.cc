#include "services/s3/code_buckets.h"

namespace mayfly::s3 {

Task<Result<packages::FetchedCode>> CodeBuckets::Fetch(Context& ctx, packages::CodeLocation location) {
  const BucketPointer bucket = buckets_->Find(location.bucket);
  if (!bucket) co_return Fail(packages::NoSuchBucket());
  const auto principal = identity::RequestPrincipal::Of(ctx.principal);
  const bool has_version = !location.version.empty();
  if (!authorizer_->Authorize(principal, has_version ? "s3:GetObjectVersion" : "s3:GetObject", bucket->name, location.key)) {
    co_return Fail(packages::AccessDenied());
  }
  auto row = has_version ? co_await objects_->FindVersion(ctx, bucket->name, location.key, location.version)
                         : co_await objects_->Find(ctx, bucket->name, location.key);
  if (!row && row.error().kind != Error::Kind::Service) co_return Fail(std::move(row).error());
  if (!row || !*row || (*row)->is_marker) co_return Fail(has_version ? packages::NoSuchVersion() : packages::NoSuchKey());
  if ((*row)->size > static_cast<int64_t>(packages::kSourceBytesMax)) co_return Fail(packages::SourceTooLarge());
  MF_CO_TRY(const auto reader, co_await objects_->OpenData(ctx, **row, 0, (*row)->size));
  packages::FetchedCode code;
  code.bytes.reserve(static_cast<size_t>((*row)->size));
  while (true) {
    MF_CO_TRY(const std::string piece, co_await reader->Read(ctx));
    if (piece.empty()) break;
    code.bytes += piece;
  }
  if (!bucket->versioning.empty()) code.version = (*row)->version_id;
  co_return code;
}

}  // namespace mayfly::s3
