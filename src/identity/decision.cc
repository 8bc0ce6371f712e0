#include "identity/decision.h"

#include <array>

#include <fmt/format.h>

namespace mayfly::identity {
namespace {

constexpr Verdict kAllowed{.type = DecisionType::Allow};

struct KindNames {
  std::string_view denying;   // "with an explicit deny in …"
  std::string_view allowing;  // "because no … allows the …"
};
// In the order of PolicyKind.
constexpr std::array<KindNames, 7> kKindNames = {{
    {"an identity-based policy", "identity-based policy"},
    {"a resource-based policy", "resource-based policy"},
    {"a permissions boundary", "permissions boundary"},
    {"a session policy", "session policy"},
    {"a service control policy", "service control policy"},
    {"a resource control policy", "resource control policy"},
    {"the role trust policy", "role trust policy"},
}};

// What every kind of policy says by itself.
struct Layers {
  Decision identity, boundary, session;
  DecisionType service_control = DecisionType::Allow;
  DecisionType resource_control = DecisionType::Allow;
};

DecisionType EvaluateLevels(const std::vector<std::vector<PolicyPointer>>& levels, const PolicyRequest& request) {
  DecisionType all = DecisionType::Allow;
  for (const auto& level : levels) {
    const DecisionType one = EvaluateAll(level, request).type;
    if (one == DecisionType::ExplicitDeny) return one;
    if (one == DecisionType::ImplicitDeny) all = one;
  }
  return all;
}

DecisionType EvaluateControls(std::span<const PolicyPointer> controls, const PolicyRequest& request) {
  DecisionType all = DecisionType::Allow;
  for (const PolicyPointer& control : controls) {
    const DecisionType one = control ? control->Evaluate(request).type : DecisionType::ImplicitDeny;
    if (one == DecisionType::ExplicitDeny) return one;
    if (one == DecisionType::ImplicitDeny) all = one;
  }
  return all;
}

Layers EvaluateLayers(const PolicyRequest& request, const PrincipalAccess& access, const ResourceSide& resource) {
  Layers layers;
  layers.resource_control = EvaluateControls(resource.controls, request);
  if (request.principal.account_id.empty()) return layers;
  layers.service_control = EvaluateLevels(access.service_control, request);
  layers.identity = EvaluateAll(access.identity, request);
  if (access.is_root && layers.identity.type == DecisionType::ImplicitDeny) layers.identity.type = DecisionType::Allow;
  layers.boundary.type = DecisionType::Allow;
  if (access.has_boundary) layers.boundary = access.boundary ? access.boundary->Evaluate(request) : Decision();
  layers.session.type = DecisionType::Allow;
  if (access.has_session) layers.session = EvaluateAll(access.session, request);
  return layers;
}

// Boundary and session policies only take away.
Verdict Limited(const Layers& layers) {
  if (layers.boundary.type != DecisionType::Allow) return {DecisionType::ImplicitDeny, PolicyKind::Boundary};
  if (layers.session.type != DecisionType::Allow) return {DecisionType::ImplicitDeny, PolicyKind::Session};
  return kAllowed;
}

}  // namespace

Decision EvaluateAll(std::span<const PolicyPointer> policies, const PolicyRequest& request) {
  Decision all;
  for (const PolicyPointer& policy : policies) {
    if (!policy) continue;
    Decision one = policy->Evaluate(request);
    if (one.type == DecisionType::ExplicitDeny) return one;
    if (one.type == DecisionType::Allow && all.type != DecisionType::Allow) all = std::move(one);
  }
  return all;
}

Verdict Judge(const PolicyRequest& request, const PrincipalAccess& access, const ResourceSide& resource) {
  using enum DecisionType;
  const Layers layers = EvaluateLayers(request, access, resource);
  const std::pair<DecisionType, PolicyKind> all[] = {
      {layers.resource_control, PolicyKind::ResourceControl}, {layers.service_control, PolicyKind::ServiceControl},
      {resource.decision.type, resource.kind},                {layers.identity.type, PolicyKind::Identity},
      {layers.boundary.type, PolicyKind::Boundary},           {layers.session.type, PolicyKind::Session},
  };
  for (const auto& [type, kind] : all) {
    if (type == ExplicitDeny) return {ExplicitDeny, kind};
  }
  if (layers.resource_control != Allow) return {ImplicitDeny, PolicyKind::ResourceControl};
  if (layers.service_control != Allow) return {ImplicitDeny, PolicyKind::ServiceControl};
  const RequestPrincipal& principal = request.principal;
  const bool resource_allows = resource.decision.type == Allow;
  const bool is_own = !principal.account_id.empty() && principal.account_id == resource.owner_account_id;
  if (!resource_allows && (!is_own || resource.must_allow)) return {ImplicitDeny, resource.kind};
  if (principal.account_id.empty()) return kAllowed;
  if (is_own && resource_allows && !resource.decision.is_delegated) return resource.decision.is_of_role ? Limited(layers) : kAllowed;
  if (layers.identity.type != Allow) return {ImplicitDeny, PolicyKind::Identity};
  return Limited(layers);
}

std::string DeniedText(const PolicyRequest& request, const Verdict& verdict) {
  const RequestPrincipal& principal = request.principal;
  std::string text = principal.is_service()      ? std::string(principal.service)
                     : principal.arn.empty() ? "User: anonymous"
                                             : fmt::format("User: {}", principal.arn);
  text += fmt::format(" is not authorized to perform: {}", request.action);
  if (request.resource != "*" || !request.action.starts_with("s3:")) text += fmt::format(" on resource: {}", request.resource);
  const KindNames& names = kKindNames[static_cast<size_t>(verdict.by)];
  if (verdict.type == DecisionType::ExplicitDeny) return text + fmt::format(" with an explicit deny in {}", names.denying);
  return text + fmt::format(" because no {} allows the {} action", names.allowing, request.action);
}

}  // namespace mayfly::identity
