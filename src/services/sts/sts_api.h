// AWS STS's API: the operations of model/sts.model. One method per operation, named as it is.
//
// One per daemon, on its strand. Requests have been authenticated, decoded and validated by the model; those that assume roles are
// authorized here (trust.cc), since it is the role's trust policy that lets somebody in. Keeps nothing: what a session has of its own lies in its token.
#pragma once

#include "identity/access_keys.h"
#include "identity/authorization.h"
#include "identity/identity_directory.h"
#include "identity/principal_policies.h"
#include "identity/session_data.h"
#include "identity/session_keys.h"
#include "model/sts.h"
#include "services/sts/key_sets.h"
#include "services/sts/names.h"

namespace mayfly::sts {

struct StsParts {
  const Clock* clock;     // that signatures are checked by
  const Clock* calendar;  // that tokens of identity providers are
  const identity::AccessKeys* keys;
  identity::SessionKeys* sessions;
  identity::AuthMode mode;
  const identity::IdentityPolicies* policies;
  const identity::PrincipalPolicies* principals;
  identity::IdentityDirectory* directory;
  KeySets* key_sets;
};

class StsApi final : public CallersHandler, public RolesHandler, public SessionsHandler {
 public:
  explicit StsApi(const StsParts& parts) : parts_(parts) {}
  Handlers handlers() { return {.callers = *this, .roles = *this, .sessions = *this}; }

  // --- callers.cc ---
  Task<Result<GetCallerIdentityResponse>> GetCallerIdentity(Context& ctx, GetCallerIdentityRequest request) override;
  Task<Result<GetAccessKeyInfoResponse>> GetAccessKeyInfo(Context& ctx, GetAccessKeyInfoRequest request) override;
  Task<Result<DecodeAuthorizationMessageResponse>> DecodeAuthorizationMessage(Context& ctx, DecodeAuthorizationMessageRequest request) override;

  // --- roles.cc ---
  Task<Result<AssumeRoleResponse>> AssumeRole(Context& ctx, AssumeRoleRequest request) override;

  // --- web_identity.cc ---
  Task<Result<AssumeRoleWithWebIdentityResponse>> AssumeRoleWithWebIdentity(Context& ctx, AssumeRoleWithWebIdentityRequest request) override;

  // --- sessions.cc ---
  Task<Result<GetSessionTokenResponse>> GetSessionToken(Context& ctx, GetSessionTokenRequest request) override;
  Task<Result<GetFederationTokenResponse>> GetFederationToken(Context& ctx, GetFederationTokenRequest request) override;

 private:
  // Credentials that stand for `arn` for so long, with what the session has of its own. Error: PackedPolicyTooLarge.
  struct Given {
    Credentials credentials;
    int32_t packed_percent = 0;
  };
  Result<Given> Issue(std::string_view account_id, std::string_view arn, std::chrono::seconds valid, identity::SessionData data);
  // The policies of a session. Errors: MalformedPolicyDocument, ValidationError.
  Result<> AddPolicies(const std::optional<std::string>& policy, const std::optional<std::vector<PolicyDescriptorType>>& arns, std::string_view account_id,
                       identity::SessionData& data) const;
  // Of a role that is there; in open mode also of one that is not. Error: ValidationError.
  Result<std::chrono::seconds> DurationOf(const std::optional<int32_t>& asked, const std::optional<identity::IdentityDirectory::RoleFacts>& role) const;

  // What the caller's own session hands on to the role's: tags, source identity. Errors: ValidationError, AccessDenied.
  Result<> InheritFrom(const Context& ctx, identity::SessionData& data) const;
  // Whether the role may be assumed by the caller. Error: AccessDenied.
  Result<> CheckTrust(const Context& ctx, const AssumeRoleRequest& request, const identity::SessionData& data) const;
  Result<> CheckMissing(const Context& ctx, const std::string& role_arn) const;
  Result<> CheckTrustFor(const Context& ctx, std::string_view action, std::string_view role_arn, const identity::ConditionKeys& keys) const;

  // The tags and the source identity that a provider's token gives the session.
  static void TakeClaims(const Jwt& token, identity::SessionData& data);
  Result<> CheckTimes(const Jwt& token) const;

  StsParts parts_;
};

// How much of the longest token (4,096 bytes) there is, in percent.
int32_t UtilizationOf(std::string_view session_token);

// Errors of the service.
Error Invalid(std::string message);
Error AccessDenied(std::string message);

// Checks tags of a session, and takes them. Error: ValidationError.
Result<> TakeTags(const std::optional<std::vector<Tag>>& tags, const std::optional<std::vector<std::string>>& transitive, identity::SessionData& data);

}  // namespace mayfly::sts
