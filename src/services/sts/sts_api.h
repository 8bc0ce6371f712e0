// AWS STS's API: the operations of model/sts.model. One method per operation, named as it is.
//
// One per daemon, on its strand. Requests have been authenticated, decoded and validated by the model. Keeps nothing.
#pragma once

#include "identity/access_keys.h"
#include "identity/session_keys.h"
#include "model/sts.h"

namespace mayfly::sts {

struct StsParts {
  const Clock* clock;  // that signatures are checked by
  const identity::AccessKeys* keys;
  identity::SessionKeys* sessions;
  identity::AuthMode mode;
};

class StsApi final : public CallersHandler, public RolesHandler, public SessionsHandler {
 public:
  explicit StsApi(const StsParts& parts) : parts_(parts) {}
  Handlers handlers() { return {{}, *this, *this, *this}; }

  // --- callers.cc ---
  Task<Result<GetCallerIdentityResponse>> GetCallerIdentity(Context& ctx, GetCallerIdentityRequest request) override;
  Task<Result<GetAccessKeyInfoResponse>> GetAccessKeyInfo(Context& ctx, GetAccessKeyInfoRequest request) override;
  // --- roles.cc ---
  Task<Result<AssumeRoleResponse>> AssumeRole(Context& ctx, AssumeRoleRequest request) override;
  // --- sessions.cc ---
  Task<Result<GetSessionTokenResponse>> GetSessionToken(Context& ctx, GetSessionTokenRequest request) override;

 private:
  // Credentials that stand for `arn` for so long.
  Credentials Issue(std::string_view account_id, std::string_view arn, std::chrono::seconds valid);
  // What a policy of the session would take away cannot be taken away yet. Error: NotImplementedException, in strict mode.
  Result<> CheckSessionPolicies(const AssumeRoleRequest& request) const;

  StsParts parts_;
};

// How much of the longest token (4,096 bytes) there is, in percent.
int32_t UtilizationOf(std::string_view session_token);

// Errors of the service.
Error Invalid(std::string message);
Error AccessDenied(std::string message);

}  // namespace mayfly::sts
