// GetCallerIdentity, GetAccessKeyInfo, DecodeAuthorizationMessage.
#include "identity/sealed_message.h"
#include "services/sts/sts_api.h"

namespace mayfly::sts {

Error Invalid(std::string message) { return Error::Service("ValidationException", std::move(message)); }
Error AccessDenied(std::string message) { return Error::Service("AccessDeniedException", std::move(message)); }

Task<Result<GetCallerIdentityResponse>> StsApi::GetCallerIdentity(Context& ctx, GetCallerIdentityRequest) {
  const Principal& caller = ctx.principal;
  GetCallerIdentityResponse response{.user_id = UserIdOf(caller), .account = caller.account_id, .arn = caller.arn};
  if (const auto known = parts_.principals->Find(caller.account_id, caller.arn, caller.access_key_id)) {
    for (const auto& [name, value] : known->keys) {
      if (name == "aws:userid") response.user_id = value;
    }
  }
  co_return response;
}

// Of temporary keys only the caller's own are known: nothing is kept of the others.
Task<Result<GetAccessKeyInfoResponse>> StsApi::GetAccessKeyInfo(Context& ctx, GetAccessKeyInfoRequest request) {
  if (request.access_key_id == ctx.principal.access_key_id) co_return GetAccessKeyInfoResponse{.account = ctx.principal.account_id};
  if (const auto key = parts_.keys->Find(request.access_key_id)) co_return GetAccessKeyInfoResponse{.account = key->account_id};
  co_return Fail(Invalid("The access key id is not known here."));
}

Task<Result<DecodeAuthorizationMessageResponse>> StsApi::DecodeAuthorizationMessage(Context&, DecodeAuthorizationMessageRequest request) {
  MF_CO_TRY(std::string text, identity::OpenMessage(parts_.sessions->KeyFor(identity::kMessagePurpose), request.encoded_message));
  co_return DecodeAuthorizationMessageResponse{.decoded_message = std::move(text)};
}

}  // namespace mayfly::sts
