// PipeFunctions: functions as pipes invoke them, waiting for the answer: to enrich events, or as a target.
#pragma once

#include "catalog/access.h"
#include "catalog/function_catalog.h"
#include "delivery/delivery.h"
#include "invoke/invoker.h"

namespace mayfly::pipes {

class PipeFunctions {
 public:
  // All outlive it.
  PipeFunctions(const catalog::FunctionCatalog& catalog, const catalog::Access& access, invoke::Invoker& invoker, Random& random)
      : catalog_(&catalog), access_(&access), invoker_(&invoker), random_(&random) {}

  // What the function answers. Errors: AccessDeniedException, ResourceNotFoundException, those of invoke::Invoker; "FunctionError" when the
  // function has failed.
  Task<Result<std::string>> Invoke(Context& ctx, const delivery::DeliveryPrincipal& principal, const std::string& function_arn, std::string payload) const;

 private:
  const catalog::FunctionCatalog* catalog_;
  const catalog::Access* access_;
  invoke::Invoker* invoker_;
  Random* random_;
};

}  // namespace mayfly::pipes
