// FunctionVpcs: VpcConfig of functions, as those who have networks see it (vpc/function_networks.h).
//
// One per daemon, on its strand. Whoever changes a function joins before it is stored and settles afterwards; what a crash leaves in
// between, Recover finishes.
#pragma once

#include <string>

#include "base/context.h"
#include "base/task.h"
#include "catalog/function_catalog.h"
#include "vpc/function_networks.h"

namespace mayfly::lambda {

class FunctionVpcs {
 public:
  // Both outlive it.
  FunctionVpcs(vpc::FunctionNetworks& networks, const catalog::FunctionCatalog& catalog) : networks_(&networks), catalog_(&catalog) {}

  // Before `function` is stored: its subnets and groups are there, and so are its interfaces. Nothing to do without a VPC. Errors: AWS's.
  Task<Result<>> Join(Context& ctx, const catalog::Function& function);
  // After a function, or `version` of it, was stored or deleted: its versions have what they say, and no more. What cannot be done is
  // logged; the next start does it.
  Task<> Settle(Context& ctx, catalog::FunctionName name, std::string version = {});
  // All functions that have interfaces, as Settle.
  Task<> Recover(Context& ctx);

  // "" without a VPC.
  std::string VpcIdOf(const catalog::Function& function) const;

 private:
  Task<> Keep(Context& ctx, const catalog::FunctionName& name, const std::string& version);

  vpc::FunctionNetworks* networks_;
  const catalog::FunctionCatalog* catalog_;
};

}  // namespace mayfly::lambda
