#include "identity/authorization.h"

#include <fmt/format.h>

#include "identity/arn.h"

namespace mayfly::identity {
namespace {

// The role that a session is of.
std::string RoleOf(const Arn& session) {
  const std::string_view of_session = session.resource.substr(kAssumedRolePrefix.size());
  return fmt::format("arn:{}:iam::{}:role/{}", session.partition, session.account_id, of_session.substr(0, of_session.find('/')));
}

std::string_view KindOf(const RequestPrincipal& principal) {
  if (principal.is_anonymous()) return "Anonymous";
  if (principal.is_root()) return "Account";
  const auto arn = ParseArn(principal.arn);
  if (!arn) return {};
  return arn->service == "sts" ? "AssumedRole" : "User";
}

Error Denied(const PolicyRequest& request, std::string_view why) {
  const std::string who = request.principal.is_service()     ? std::string(request.principal.service)
                          : request.principal.arn.empty() ? "User: anonymous"
                                                          : fmt::format("User: {}", request.principal.arn);
  return Error::Service("AccessDeniedException",
                        fmt::format("{} is not authorized to perform: {} on resource: {} {}", who, request.action, request.resource, why));
}

Error DeniedExplicitly(const PolicyRequest& request, std::string_view kind) {
  return Denied(request, fmt::format("with an explicit deny in {} policy", kind));
}

Error NotAllowedByIdentity(const PolicyRequest& request) {
  return Denied(request, fmt::format("because no identity-based policy allows the {} action", request.action));
}

}  // namespace

Error NotAllowedByResource(const PolicyRequest& request) {
  return Denied(request, fmt::format("because no resource-based policy allows the {} action", request.action));
}

Decision Combine(Decision a, Decision b) {
  if (a.type == DecisionType::ExplicitDeny || b.type == DecisionType::ImplicitDeny) return a;
  if (b.type == DecisionType::ExplicitDeny || a.type == DecisionType::ImplicitDeny) return b;
  return a.is_delegated ? b : a;
}

Result<> Authorize(const PolicyRequest& request, std::string_view owner_account_id, const IdentityPolicies& identities,
                   const Decision& resource_decision) {
  if (resource_decision.type == DecisionType::ExplicitDeny) return Fail(DeniedExplicitly(request, "a resource-based"));
  const bool resource_allows = resource_decision.type == DecisionType::Allow;
  const RequestPrincipal& principal = request.principal;
  if (principal.account_id.empty()) {
    if (resource_allows) return {};
    return Fail(NotAllowedByResource(request));
  }
  const Decision identity =
      identities.IsAdministrator(principal) ? Decision{.type = DecisionType::Allow} : identities.Evaluate(request);
  if (identity.type == DecisionType::ExplicitDeny) return Fail(DeniedExplicitly(request, "an identity-based"));
  const bool identity_allows = identity.type == DecisionType::Allow;
  if (principal.account_id == owner_account_id) {
    // Who names the account leaves it to the account's policies whom it lets in.
    if (identity_allows || (resource_allows && !resource_decision.is_delegated)) return {};
    return Fail(NotAllowedByIdentity(request));
  }
  if (!resource_allows) return Fail(NotAllowedByResource(request));
  if (!identity_allows) return Fail(NotAllowedByIdentity(request));
  return {};
}

void AddGlobalKeys(const RequestPrincipal& principal, std::string_view region, WallTime now, ConditionKeys& keys) {
  keys.Add("aws:CurrentTime", FormatIso8601(now));
  keys.Add("aws:EpochTime", std::to_string(ToEpochMillis(now) / 1000));
  keys.Add("aws:PrincipalIsAWSService", principal.is_service() ? "true" : "false");
  if (!region.empty()) keys.Add("aws:RequestedRegion", region);
  if (principal.is_service()) {
    keys.Add("aws:PrincipalServiceName", principal.service);
    return;
  }
  if (const std::string_view kind = KindOf(principal); !kind.empty()) keys.Add("aws:PrincipalType", kind);
  if (principal.account_id.empty()) return;
  keys.Add("aws:PrincipalAccount", principal.account_id);
  const auto arn = ParseArn(principal.arn);
  keys.Add("aws:PrincipalArn", arn && arn->resource.starts_with(kAssumedRolePrefix) ? RoleOf(*arn) : std::string(principal.arn));
  if (arn && arn->resource.starts_with("user/")) keys.Add("aws:username", arn->resource.substr(arn->resource.rfind('/') + 1));
}

}  // namespace mayfly::identity
