// GetCallerIdentity, GetAccessKeyInfo.
#include "services/sts/names.h"
#include "services/sts/sts_api.h"

namespace mayfly::sts {

Error Invalid(std::string message) { return Error::Service("ValidationException", std::move(message)); }
Error AccessDenied(std::string message) { return Error::Service("AccessDeniedException", std::move(message)); }

Task<Result<GetCallerIdentityResponse>> StsApi::GetCallerIdentity(Context& ctx, GetCallerIdentityRequest) {
  co_return GetCallerIdentityResponse{.user_id = UserIdOf(ctx.principal), .account = ctx.principal.account_id, .arn = ctx.principal.arn};
}

// Of temporary keys only the caller's own are known: nothing is kept of the others.
Task<Result<GetAccessKeyInfoResponse>> StsApi::GetAccessKeyInfo(Context& ctx, GetAccessKeyInfoRequest request) {
  if (request.access_key_id == ctx.principal.access_key_id) co_return GetAccessKeyInfoResponse{.account = ctx.principal.account_id};
  if (const auto key = parts_.keys->Find(request.access_key_id)) co_return GetAccessKeyInfoResponse{.account = key->account_id};
  co_return Fail(Invalid("The access key id is not known here."));
}

}  // namespace mayfly::sts
