// ZygotePreparation: so that the first invocation of a new function need not wait for an interpreter to boot.
//
// One per daemon, on the strand of the tables.
#pragma once

#include <functional>

#include "catalog/function_catalog.h"
#include "catalog/runtimes.h"

namespace mayfly::catalog {

class ZygotePreparation {
 public:
  using Prepare = std::function<void(int zygote_index, const std::string& account_id)>;
  // `prepare`: boots the interpreter of that index in the jail's table for an account, unless it runs (sandbox::JailedCagePool). `runtimes` outlives it.
  ZygotePreparation(const RuntimeTable& runtimes, Prepare prepare)
      : runtimes_(&runtimes), prepare_(std::move(prepare)) {}

  // Of every function from now on that is made or changed. This outlives `functions`' changes.
  void Follow(FunctionCatalog& functions);
  // Not an error: a runtime that nothing here serves, or that has no zygote.
  void PrepareFor(const Function& function) const;

 private:
  const RuntimeTable* runtimes_;
  Prepare prepare_;
};

}  // namespace mayfly::catalog
