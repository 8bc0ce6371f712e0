// FunctionLayers: the layers of a function: which it may have, and the tree that they make together.
//
// One per daemon, on its strand; trees are made on the pool for files.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/task.h"
#include "catalog/function.h"
#include "catalog/layer.h"
#include "services/lambda/forward.h"

namespace mayfly::lambda {

class FunctionLayers {
 public:
  // All outlive this.
  struct Parts {
    Loop& loop;
    BlockingPool& files;
    const catalog::LayerCatalog& layers;
    const catalog::Access& access;
    packages::CodeStore& store;
  };
  explicit FunctionLayers(Parts parts) : parts_(parts) {}

  // What is said of a request's layers before anything is looked up: they are of the caller's region. Error: InvalidParameterValueException.
  static Result<> CheckRegion(const Context& ctx, const std::optional<std::vector<std::string>>& arns);

  // Sets the layers of `function` to those that a request names. Errors: AWS's.
  Result<> Choose(const Context& ctx, const std::vector<std::string>& arns, catalog::Function& function) const;

  // Makes the tree of the layers of `function`; `too_large` is the error when they and the code are more than a function may
  // have, unzipped. The result keeps packages and tree from being removed until the function is stored.
  using Pins = std::vector<std::shared_ptr<const void>>;
  enum class SizeError : unsigned char { NamesTheSize, NamesLayers };
  Task<Result<Pins>> Take(catalog::Function& function, SizeError too_large);

 private:
  // One more layer for a function that has those before it already.
  Result<catalog::LayerUse> UseOf(const Context& ctx, const std::string& arn, const catalog::Function& function) const;

  Parts parts_;
};

// Whether the caller may use a layer version. Error: AccessDeniedException.
Result<> MayUseLayer(const Context& ctx, const catalog::Access& access, const catalog::LayerVersionName& name);

}  // namespace mayfly::lambda
