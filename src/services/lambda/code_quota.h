// CodeQuota: how many bytes of packages an account may have in a region, functions, versions and layers together.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "services/lambda/forward.h"

namespace mayfly::lambda {

class CodeQuota {
 public:
  // Both outlive this.
  CodeQuota(const catalog::FunctionCatalog& functions, const catalog::LayerCatalog& layers, int64_t bytes_max)
      : functions_(functions), layers_(layers), bytes_max_(bytes_max) {}

  // Whether the account has room for that much more; less is always fine. Error: CodeStorageExceededException.
  Result<> Check(const std::string& account_id, const std::string& region, int64_t added_bytes) const;
  int64_t bytes_max() const { return bytes_max_; }

 private:
  const catalog::FunctionCatalog& functions_;
  const catalog::LayerCatalog& layers_;
  int64_t bytes_max_;
};

}  // namespace mayfly::lambda
