// The layers of a function: which it may have, and the tree that they make together.
#include <fmt/format.h>

#include "services/lambda/lambda_api.h"
#include "services/lambda/settings.h"

namespace mayfly::lambda {
namespace {

constexpr size_t kLayersMax = 5;

Error NoSuchVersion(std::string_view arn) { return InvalidParameterValue(fmt::format("Layer version {} does not exist.", arn)); }

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

}  // namespace

Result<> LambdaApi::ChooseLayers(const Context& ctx, const std::vector<std::string>& arns, catalog::Function& function) const {
  if (arns.size() > kLayersMax) return Fail(InvalidParameterValue("Cannot reference more than 5 layers."));
  std::vector<std::pair<std::string, std::string>> seen;  // layer, and the version's ARN
  function.layers.clear();
  for (const std::string& arn : arns) {
    const auto name = catalog::ParseLayerVersionArn(arn);
    if (!name) return Fail(NoSuchVersion(arn));
    MF_TRY_VOID(MayUseLayer(ctx, *name));
    if (name->layer.region != function.name.region) {
      return Fail(InvalidParameterValue(fmt::format(
          "Layers are not in the same region as the function. Layers are expected to be in region {}.", function.name.region)));
    }
    const catalog::LayerVersionPointer version = parts_.layers->Find(*name);
    if (!version) return Fail(NoSuchVersion(arn));
    const std::string layer = name->layer.Arn();
    for (const auto& [other_layer, other_arn] : seen) {
      if (other_layer != layer) continue;
      return Fail(InvalidParameterValue(fmt::format("Two different versions of the same layer are not allowed to be referenced in the same "
                                                    "function. {} and {} are versions of the same layer.", other_arn, arn)));
    }
    seen.emplace_back(layer, arn);
    function.layers.push_back({.arn = arn,
                               .code_bytes = version->code_bytes,
                               .code_sha256 = version->code_sha256,
                               .signing_profile_version_arn = version->signing_profile_version_arn,
                               .signing_job_arn = version->signing_job_arn});
  }
  return {};
}

Task<Result<LambdaApi::Pins>> LambdaApi::TakeLayers(catalog::Function& function, SizeError too_large) {
  function.layers_sha256.clear();
  if (function.layers.empty()) co_return Pins();
  std::vector<std::string> layers;
  for (const catalog::LayerUse& layer : function.layers) layers.push_back(layer.code_sha256);
  packages::CodeStore* code = parts_.code;
  MF_CO_TRY(Taken taken, co_await parts_.files->Run(*parts_.loop, [code, package = function.code_sha256, layers = std::move(layers)] {
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
