// RotationFunction: the functions that rotate secrets, asked and called as secretsmanager.amazonaws.com, waiting for the answer.
#pragma once

#include "catalog/access.h"
#include "catalog/function_catalog.h"
#include "invoke/invoker.h"
#include "services/secretsmanager/secret_row.h"

namespace mayfly::secretsmanager {

class RotationFunction {
 public:
  // All outlive it.
  RotationFunction(const catalog::FunctionCatalog& catalog, const catalog::Access& access, invoke::Invoker& invoker, Random& random)
      : catalog_(&catalog), access_(&access), invoker_(&invoker), random_(&random) {}

  // Whether the function is there, and lets itself be called for the secret. Errors: ResourceNotFoundException, AccessDeniedException.
  Result<> Check(const SecretRow& secret, const std::string& function_arn) const;
  // One step. Errors: those of invoke::Invoker; "FunctionError" when the function has failed.
  Task<Result<>> Call(Context& ctx, const SecretRow& secret, std::string_view step, std::string version_id) const;

 private:
  const catalog::FunctionCatalog* catalog_;
  const catalog::Access* access_;
  invoke::Invoker* invoker_;
  Random* random_;
};

}  // namespace mayfly::secretsmanager
