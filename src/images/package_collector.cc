#include "images/package_collector.h"

#include "base/log.h"
#include "images/tree_facts.h"

namespace mayfly::images {

Task<> PackageCollector::Run(Context& ctx) {
  packages::CodeStore* code = code_;
  auto packages = co_await files_->Run(*loop_, [code] { return code->List(); });
  if (!packages) co_return log::Warning("list code packages: {}", packages.error().ToString());
  // Layers of images are used by trees that are used; a layer that is just being brought is pinned.
  std::vector<std::string> used;
  for (const std::string& package : *packages) {
    if (functions_->IsInUse(package)) used.push_back(package);
  }
  const auto image_layers = co_await files_->Run(*loop_, [code, used = std::move(used)] { return LayersOfTrees(*code, used); });
  if (!image_layers) co_return log::Warning("look at images: {}", image_layers.error().ToString());
  for (const std::string& package : *packages) {
    if (ctx.stop.stop_requested()) co_return;
    if (functions_->IsInUse(package) || layers_->IsInUse(package) || image_layers->contains(package)) continue;
    co_await Remove(package);
  }
}

Task<> PackageCollector::Remove(const std::string& sha256) {
  auto buried = code_->Bury(sha256);
  if (!buried) co_return log::Warning("delete code package: {}", buried.error().ToString());
  co_await files_->Run(*loop_, [grave = std::move(*buried)]() mutable { return grave.reset(), true; });
}

}  // namespace mayfly::images
