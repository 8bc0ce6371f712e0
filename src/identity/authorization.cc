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

}  // namespace

Error Denied(const PolicyRequest& request, const Verdict& verdict) {
  return Error::Service("AccessDeniedException", DeniedText(request, verdict));
}

Error NotAllowedByResource(const PolicyRequest& request) { return Denied(request, {DecisionType::ImplicitDeny, PolicyKind::Resource}); }

Decision Combine(Decision a, Decision b) {
  if (a.type == DecisionType::ExplicitDeny || b.type == DecisionType::ImplicitDeny) return a;
  if (b.type == DecisionType::ExplicitDeny || a.type == DecisionType::ImplicitDeny) return b;
  const auto reach = [](const Decision& decision) { return decision.is_delegated ? 0 : decision.is_of_role ? 1 : 2; };
  return reach(a) < reach(b) ? b : a;
}

Result<> AdministratorsOnly::Authorize(const PolicyRequest& request, const ResourceSide& resource, std::span<const PolicyPointer>) const {
  static const PrincipalAccess kRoot{.is_root = true};
  const Verdict verdict = Judge(request, kRoot, resource);
  return verdict.allows() ? Result<>() : Fail(Denied(request, verdict));
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
