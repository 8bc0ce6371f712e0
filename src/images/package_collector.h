// PackageCollector: removes packages, trees of layers and layers of images that nothing refers to: what deletes and updates have
// left because environments may still have had it mounted, and what a crash has left.
//
// One per daemon, on the strand of the tables; what blocks runs on `files`. What is just being created is pinned and stays; what the
// catalog does not know at this moment nobody can come to use later.
#pragma once

#include "base/blocking_pool.h"
#include "catalog/function_catalog.h"
#include "catalog/layer_catalog.h"
#include "packages/code_package.h"

namespace mayfly::images {

class PackageCollector {
 public:
  // All outlive it.
  PackageCollector(Loop& loop, BlockingPool& files, packages::CodeStore& code, const catalog::FunctionCatalog& functions,
                   const catalog::LayerCatalog& layers)
      : loop_(&loop), files_(&files), code_(&code), functions_(&functions), layers_(&layers) {}

  // Looks at every package once. After the catalog's survey: before it, nothing is known to be in use. Ends early with ctx.stop. What
  // cannot be removed stays, with a warning.
  Task<> Run(Context& ctx);

 private:
  Task<> Remove(const std::string& sha256);

  Loop* loop_;
  BlockingPool* files_;
  packages::CodeStore* code_;
  const catalog::FunctionCatalog* functions_;
  const catalog::LayerCatalog* layers_;
};

}  // namespace mayfly::images
