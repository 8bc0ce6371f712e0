#include "services/lambda/function_layers.h"

#include <fmt/format.h>

#include "base/blocking_pool.h"
#include "catalog/access.h"
#include "catalog/layer_catalog.h"
#include "packages/code_package.h"
#include "services/lambda/settings.h"

namespace mayfly::lambda {
namespace {

constexpr size_t kLayersMax = 5;

Error NoSuchVersion(std::string_view arn) { return InvalidParameterValue(fmt::format("Layer version {} does not exist.", arn)); }

Error OtherRegion(std::string_view expected) {
  return InvalidParameterValue(
      fmt::format("Layers are not in the same region as the function. Layers are expected to be in region {}.", expected));
}

struct Taken {
  uint64_t unzipped_bytes = 0;  // of the package and all layers
  std::string tree;             // "" when they are too large
  std::vector<std::shared_ptr<const void>> pins;
};

// Blocks.
Result<Taken> TakeFromStore(packages::CodeStore& code, const std::string& package, const std::vector<std::string>& layers) {
  Taken taken;
  MF_TRY(taken.unzipped_bytes, code.UnpackedBytesOf(package));
  for (const std::string& layer : layers) {
    taken.pins.push_back(code.Pin(layer));
    MF_TRY(const uint64_t bytes, code.UnpackedBytesOf(layer));
    taken.unzipped_bytes += bytes;
  }
  if (taken.unzipped_bytes > packages::kUnzippedBytesMax) return taken;
  MF_TRY(packages::CodeStore::Tree tree, code.MergeLayers(layers));
  taken.tree = std::move(tree.sha256_hex);
  taken.pins.push_back(std::move(tree.pin));
  return taken;
}

// Layers and versions that were chosen already.
Result<> CheckOneVersionEach(const catalog::Function& function, const catalog::LayerVersionName& name, std::string_view arn) {
  const std::string layer = name.layer.Arn();
  for (const catalog::LayerUse& other : function.layers) {
    const auto other_name = catalog::ParseLayerVersionArn(other.arn);
    MF_ASSERT(other_name.has_value());
    if (other_name->layer.Arn() != layer) continue;
    return Fail(
        InvalidParameterValue(fmt::format("Two different versions of the same layer are not allowed to be referenced in the same "
                                          "function. {} and {} are versions of the same layer.",
                                          other.arn, arn)));
  }
  return {};
}

}  // namespace

Result<> MayUseLayer(const Context& ctx, const catalog::Access& access, const catalog::LayerVersionName& name) {
  return access.AuthorizeLayer(identity::RequestPrincipal::Of(ctx.principal), "lambda:GetLayerVersion",
                               {name.layer.account_id, name.Arn(), name.Key()});
}

Result<catalog::LayerUse> FunctionLayers::UseOf(const Context& ctx, const std::string& arn, const catalog::Function& function) const {
  const auto name = catalog::ParseLayerVersionArn(arn);
  if (!name) return Fail(NoSuchVersion(arn));
  MF_TRY_VOID(MayUseLayer(ctx, parts_.access, *name));
  if (name->layer.region != function.name.region) return Fail(OtherRegion(function.name.region));
  const catalog::LayerVersionPointer version = parts_.layers.Find(*name);
  if (!version) return Fail(NoSuchVersion(arn));
  MF_TRY_VOID(CheckOneVersionEach(function, *name, arn));
  return catalog::LayerUse{.arn = arn,
                           .code_bytes = version->code_bytes,
                           .code_sha256 = version->code_sha256,
                           .signing_profile_version_arn = version->signing_profile_version_arn,
                           .signing_job_arn = version->signing_job_arn};
}

Result<> FunctionLayers::CheckRegion(const Context& ctx, const std::optional<std::vector<std::string>>& arns) {
  if (!arns) return {};
  for (const std::string& arn : *arns) {
    const auto name = catalog::ParseLayerVersionArn(arn);
    if (name && name->layer.region != ctx.principal.region) return Fail(OtherRegion(ctx.principal.region));
  }
  return {};
}

Result<> FunctionLayers::Choose(const Context& ctx, const std::vector<std::string>& arns, catalog::Function& function) const {
  if (arns.size() > kLayersMax) return Fail(InvalidParameterValue("Cannot reference more than 5 layers."));
  function.layers.clear();
  for (const std::string& arn : arns) {
    MF_TRY(catalog::LayerUse use, UseOf(ctx, arn, function));
    function.layers.push_back(std::move(use));
  }
  MF_ASSERT(function.layers.size() == arns.size());
  return {};
}

Task<Result<FunctionLayers::Pins>> FunctionLayers::Take(catalog::Function& function, SizeError too_large) {
  function.layers_sha256.clear();
  if (function.layers.empty()) co_return Pins();
  MF_ASSERT(!function.code_sha256.empty());  // the package comes first: its size counts
  std::vector<std::string> layers;
  for (const catalog::LayerUse& layer : function.layers) layers.push_back(layer.code_sha256);
  packages::CodeStore* code = &parts_.store;
  MF_CO_TRY(Taken taken, co_await parts_.files.Run(parts_.loop, [code, package = function.code_sha256, layers = std::move(layers)] {
    return TakeFromStore(*code, package, layers);
  }));
  if (taken.tree.empty()) {
    co_return Fail(InvalidParameterValue(
        too_large == SizeError::NamesLayers
            ? fmt::format("Layers consume more than the available size of {} bytes", packages::kUnzippedBytesMax)
            : fmt::format("Function code combined with layers exceeds the maximum allowed size of {} bytes. The actual size is {} bytes.",
                          packages::kUnzippedBytesMax, taken.unzipped_bytes)));
  }
  function.layers_sha256 = std::move(taken.tree);
  co_return std::move(taken.pins);
}

}  // namespace mayfly::lambda
