#include "services/lambda/account_api.h"

#include "catalog/concurrency_ledger.h"
#include "catalog/function_catalog.h"
#include "catalog/layer_catalog.h"
#include "packages/code_package.h"
#include "services/lambda/code_quota.h"

namespace mayfly::lambda {

Task<Result<GetAccountSettingsResponse>> AccountApi::GetAccountSettings(Context& ctx, GetAccountSettingsRequest) {
  const std::string& account_id = ctx.principal.account_id;
  const std::string& region = ctx.principal.region;
  MF_CO_TRY(const catalog::FunctionCatalog::Usage used, co_await parts_.catalog.UsageOf(ctx, account_id, region));
  AccountLimit limit;
  limit.total_code_size = parts_.quota.bytes_max();
  limit.code_size_unzipped = packages::kUnzippedBytesMax;
  limit.code_size_zipped = packages::kZippedBytesMax;
  limit.concurrent_executions = parts_.limits.account;
  const int64_t reserved = parts_.ledger.Of({account_id, region, ""}).reserved;
  limit.unreserved_concurrent_executions = static_cast<int32_t>(parts_.limits.account - reserved);
  AccountUsage usage;
  usage.total_code_size = used.code_bytes + parts_.layers.CodeBytesOf(account_id, region);
  usage.function_count = used.functions;
  co_return GetAccountSettingsResponse{.account_limit = std::move(limit), .account_usage = std::move(usage)};
}

}  // namespace mayfly::lambda
