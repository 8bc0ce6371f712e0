// Container images as the code of functions: what an ImageUri means, and bringing what a function waits for.
#include <fmt/format.h>

#include "base/log.h"
#include "images/image_error.h"
#include "images/reference.h"
#include "services/lambda/lambda_api.h"
#include "services/lambda/settings.h"

namespace mayfly::lambda {
namespace {

// What a client is told when it names an image that cannot be used.
Error RefuseImage(const Error& error, const std::string& uri) {
  if (error.kind == Error::Kind::Cancelled) return error;
  log::Info("image {}: {}", uri, error.ToString());
  if (error.code == images::kNotAReference) return InvalidParameterValue(fmt::format("Source image {} is not valid. Provide a valid source image.", uri));
  if (error.code == images::kMissing) return InvalidParameterValue(fmt::format("Source image {} does not exist. Provide a valid source image.", uri));
  if (error.code == images::kAccessDenied) {
    return InvalidParameterValue("Lambda does not have permission to access the ECR image. Check the ECR permissions.");
  }
  if (error.code == images::kUnsupported || error.code == images::kInvalid) {
    return InvalidParameterValue(fmt::format("The image manifest, config or layer media type for the source image {} is not supported.", uri));
  }
  if (error.code == images::kUnreachable) {
    return InvalidParameterValue(fmt::format("Source image {} cannot be fetched: {}. --registry-mirror can name another place for it.", uri, error.message));
  }
  return Error(error).Wrap("image " + uri);
}

}  // namespace

Task<Result<catalog::FunctionImage>> LambdaApi::ResolveImage(Context& ctx, std::string uri) {
  auto resolved = co_await parts_.images->Resolve(ctx, uri);
  if (!resolved) co_return Fail(RefuseImage(resolved.error(), uri));
  catalog::FunctionImage image{.uri = std::move(uri), .resolved_uri = std::move(resolved->resolved_uri),
                               .digest = std::string(images::HexOf(resolved->digest)), .tree = std::move(resolved->tree),
                               .entry_point = std::move(resolved->config.entry_point), .command = std::move(resolved->config.command),
                               .environment = std::move(resolved->config.environment), .working_directory = std::move(resolved->config.working_directory)};
  co_return image;
}

Task<Result<>> LambdaApi::TakeCode(Context& ctx, CreateFunctionRequest& request, catalog::Function& function, const std::optional<SigningRule>& rule,
                                   Pins& pins) {
  if (function.package_type == "Image") {
    MF_CO_TRY(function.image, co_await ResolveImage(ctx, *request.code.image_uri));
    function.code_sha256 = function.image->tree;
    co_return Result<>();
  }
  MF_CO_TRY(auto pin, co_await TakePackage(ctx, function, std::move(request.code), rule));
  MF_CO_TRY(pins, co_await TakeLayers(function, SizeError::NamesTheSize));
  pins.push_back(std::move(pin));
  co_return Result<>();
}

Task<Result<LambdaApi::SettledImage>> LambdaApi::BringImage(Context& ctx, catalog::FunctionPointer function) {
  const catalog::FunctionImage& image = function->next_image ? *function->next_image : *function->image;
  auto prepared = co_await parts_.images->Prepare(ctx, image.resolved_uri);
  if (prepared) co_return SettledImage{.pin = std::move(*prepared), .failure = {}};
  const Error& error = prepared.error();
  if (ctx.stop.stop_requested()) co_return Fail(error);
  log::Warning("{}: image {}: {}", function->name.Arn(), image.resolved_uri, error.ToString());
  SettleFailure failure{.code = "InternalError", .reason = "An internal error occurred while the image was brought: " + error.message};
  if (error.code == images::kMissing) failure = {"ImageDeleted", fmt::format("The image {} does not exist any more.", image.resolved_uri)};
  if (error.code == images::kAccessDenied) {
    failure = {"ImageAccessDenied", "Lambda does not have permission to access the ECR image. Check the ECR permissions."};
  }
  if (error.code == images::kInvalid || error.code == images::kUnsupported || error.code == images::kNotAReference) {
    failure = {"InvalidImage", fmt::format("The image {} is not valid: {}", image.resolved_uri, error.message)};
  }
  co_return SettledImage{.pin = nullptr, .failure = std::move(failure)};
}

}  // namespace mayfly::lambda
