#include "services/lambda/code_quota.h"

#include "catalog/function_catalog.h"
#include "catalog/layer_catalog.h"

namespace mayfly::lambda {

Result<> CodeQuota::Check(const std::string& account_id, const std::string& region, int64_t added_bytes) const {
  if (added_bytes <= 0) return {};
  const int64_t stored = functions_.KnownUsageOf(account_id, region).code_bytes + layers_.CodeBytesOf(account_id, region);
  MF_ASSERT(stored >= 0);
  if (stored + added_bytes <= bytes_max_) return {};
  return Fail(Error::Service("CodeStorageExceededException", "Code storage limit exceeded."));
}

}  // namespace mayfly::lambda
