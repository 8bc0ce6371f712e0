#include "services/lambda/function_images.h"

#include <fmt/format.h>

#include "base/log.h"
#include "images/image_error.h"
#include "images/image_store.h"
#include "images/reference.h"
#include "services/lambda/settings.h"

namespace mayfly::lambda {
namespace {

// What a client is told when it names an image that cannot be used.
Error RefuseImage(const Error& error, const std::string& uri) {
  if (error.kind == Error::Kind::Cancelled) return error;
  log::Info("image {}: {}", uri, error.ToString());
  if (error.code == images::kNotAReference)
    return InvalidParameterValue(fmt::format("Source image {} is not valid. Provide a valid source image.", uri));
  if (error.code == images::kMissing)
    return InvalidParameterValue(fmt::format("Source image {} does not exist. Provide a valid source image.", uri));
  if (error.code == images::kAccessDenied) {
    return InvalidParameterValue("Lambda does not have permission to access the ECR image. Check the ECR permissions.");
  }
  if (error.code == images::kUnsupported || error.code == images::kInvalid) {
    return InvalidParameterValue(
        fmt::format("The image manifest, config or layer media type for the source image {} is not supported.", uri));
  }
  if (error.code == images::kUnreachable) {
    return InvalidParameterValue(
        fmt::format("Source image {} cannot be fetched: {}. --registry-mirror can name another place for it.", uri, error.message));
  }
  return Error(error).Wrap("image " + uri);
}

// What its owner is told when an image that was there does not come.
Revisions::Failure FailureOf(const Error& error, const std::string& uri) {
  if (error.code == images::kMissing) return {"ImageDeleted", fmt::format("The image {} does not exist any more.", uri)};
  if (error.code == images::kAccessDenied) {
    return {"ImageAccessDenied", "Lambda does not have permission to access the ECR image. Check the ECR permissions."};
  }
  if (error.code == images::kInvalid || error.code == images::kUnsupported || error.code == images::kNotAReference) {
    return {"InvalidImage", fmt::format("The image {} is not valid: {}", uri, error.message)};
  }
  return {"InternalError", "An internal error occurred while the image was brought: " + error.message};
}

}  // namespace

Task<Result<catalog::FunctionImage>> FunctionImages::Resolve(Context& ctx, std::string uri) {
  auto resolved = co_await images_.Resolve(ctx, uri);
  if (!resolved) co_return Fail(RefuseImage(resolved.error(), uri));
  catalog::FunctionImage image{.uri = std::move(uri),
                               .resolved_uri = std::move(resolved->resolved_uri),
                               .digest = std::string(images::HexOf(resolved->digest)),
                               .tree = std::move(resolved->tree),
                               .entry_point = std::move(resolved->config.entry_point),
                               .command = std::move(resolved->config.command),
                               .environment = std::move(resolved->config.environment),
                               .working_directory = std::move(resolved->config.working_directory)};
  co_return image;
}

Task<Result<FunctionImages::Brought>> FunctionImages::Bring(Context& ctx, catalog::FunctionPointer function) {
  MF_ASSERT(function->next_image || function->image);
  const catalog::FunctionImage& image = function->next_image ? *function->next_image : *function->image;
  auto prepared = co_await images_.Prepare(ctx, image.resolved_uri);
  if (prepared) co_return Brought{.pin = std::move(*prepared), .failure = {}};
  const Error& error = prepared.error();
  if (ctx.stop.stop_requested()) co_return Fail(error);
  log::Warning("{}: image {}: {}", function->name.Arn(), image.resolved_uri, error.ToString());
  co_return Brought{.pin = nullptr, .failure = FailureOf(error, image.resolved_uri)};
}

}  // namespace mayfly::lambda
