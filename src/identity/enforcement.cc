#include "identity/enforcement.h"

#include <algorithm>

#include <fmt/format.h>

#include "identity/arn.h"

namespace mayfly::identity {
namespace {

// Who somebody is he is told whatever his policies say.
constexpr std::string_view kForEverybody = "sts:GetCallerIdentity";

const PrincipalAccess kAdministrator{.is_root = true};
const PrincipalAccess kNothing{};

std::string KnownKey(const RequestPrincipal& principal, std::string_view action, std::string_view resource) {
  std::string key;
  key.reserve(principal.arn.size() + principal.access_key_id.size() + action.size() + resource.size() + 3);
  for (const std::string_view part : {principal.arn, principal.access_key_id, action, resource}) {
    key += part;
    key += '\n';
  }
  return key;
}

bool DependsOnRequest(std::span<const PolicyPointer> policies) {
  return std::ranges::any_of(policies, [](const PolicyPointer& policy) { return policy && policy->depends_on_request(); });
}

bool DependsOnRequest(const PrincipalAccess& access) {
  if (DependsOnRequest(access.identity) || DependsOnRequest(access.session) || DependsOnRequest({&access.boundary, 1})) return true;
  return std::ranges::any_of(access.service_control, [](const auto& level) { return DependsOnRequest(level); });
}

}  // namespace

Enforcement::AccessPointer Enforcement::AccessOf(const RequestPrincipal& principal) const {
  return policies_->Find(principal.account_id, principal.arn, principal.access_key_id);
}

bool Enforcement::IsAdministrator(const RequestPrincipal& principal) const {
  if (principal.account_id.empty()) return false;
  if (mode() == IamMode::Open) return true;
  if (!principal.is_root()) return false;
  const AccessPointer access = AccessOf(principal);
  return access && access->is_root && access->service_control.empty() && access->identity.empty();
}

bool Enforcement::IsAllowedAnyway(const RequestPrincipal& principal, std::string_view action, std::string_view resource,
                                  std::span<const PolicyPointer> policies) const {
  if (known_.empty()) return false;
  const auto found = known_.find(KnownKey(principal, action, resource));
  if (found == known_.end() || !std::ranges::equal(found->second.policies, policies) || AccessOf(principal) != found->second.access) return false;
  const ConditionKeys none;
  Note({principal, action, resource, none}, {.type = DecisionType::Allow});
  return true;
}

void Enforcement::Keep(const PolicyRequest& request, const AccessPointer& access, std::span<const PolicyPointer> policies) const {
  if (!access || DependsOnRequest(*access) || DependsOnRequest(policies)) return;
  if (known_.size() >= kKnownMax) known_.clear();
  known_.insert_or_assign(KnownKey(request.principal, request.action, request.resource), Known{access, {policies.begin(), policies.end()}});
}

void Enforcement::AddKeys(const RequestPrincipal& principal, ConditionKeys& keys) const {
  if (const Call* call = calls_->Find(principal.caller)) {
    if (!call->source_address.empty()) {
      keys.Add("aws:SourceIp", call->source_address);
      keys.Add("aws:SecureTransport", call->is_secure ? "true" : "false");
    }
    if (!call->user_agent.empty()) keys.Add("aws:UserAgent", call->user_agent);
    if (!call->referer.empty()) keys.Add("aws:Referer", call->referer);
    if (!call->function_name.empty()) {
      keys.Add("lambda:SourceFunctionArn", fmt::format("arn:{}:lambda:{}:{}:function:{}", PartitionOf(principal.caller->region), principal.caller->region,
                                                       principal.account_id, call->function_name));
    }
    keys.Add("aws:ViaAWSService", call->service.empty() ? "false" : "true");
    if (!call->service.empty()) keys.Add("aws:CalledVia", call->service);
    keys.Merge(call->keys);
  }
  if (principal.account_id.empty() || mode() == IamMode::Open) return;
  const AccessPointer access = AccessOf(principal);
  if (!access) return;
  for (const auto& [name, value] : access->keys) keys.Add(name, value);
}

// Only what somebody could have policies for: an account's root is not limited by any.
void Enforcement::Note(const PolicyRequest& request, const Verdict& verdict) const {
  if (request.principal.account_id.empty() || request.principal.is_root()) return;
  const Call* call = calls_->Find(request.principal.caller);
  log_->Note({.principal = request.principal.arn, .function_name = call ? std::string_view(call->function_name) : std::string_view(), .action = request.action, .resource = request.resource, .verdict = verdict},
             clock_->WallNow());
}

Result<> Enforcement::Authorize(const PolicyRequest& request, const ResourceSide& resource, std::span<const PolicyPointer> policies) const {
  const IamMode now = mode();
  if (request.action == kForEverybody && !request.principal.account_id.empty()) return {};
  if (now != IamMode::Strict || request.principal.account_id.empty()) {
    const Verdict verdict = Judge(request, kAdministrator, resource);
    if (!verdict.allows()) return Fail(Denied(request, verdict));
    if (now == IamMode::Open || request.principal.account_id.empty()) return {};
  }
  const AccessPointer access = AccessOf(request.principal);
  const Verdict verdict = Judge(request, access ? *access : kNothing, resource);
  Note(request, verdict);
  if (verdict.allows() && request.principal.account_id == resource.owner_account_id) Keep(request, access, policies);
  if (verdict.allows() || now == IamMode::Soft) return {};
  return Fail(Denied(request, verdict));
}

std::vector<PolicyPointer> Enforcement::PoliciesOf(std::string_view account_id, std::string_view arn) const {
  const AccessPointer access = policies_ ? policies_->Find(account_id, arn, {}) : nullptr;
  return access ? access->identity : std::vector<PolicyPointer>();
}

Result<> Enforcement::CheckPassRole(const RequestPrincipal& principal, std::string_view role_arn, std::string_view service) const {
  if (mode() == IamMode::Open || principal.account_id.empty()) return {};
  const auto arn = ParseArn(role_arn);
  if (!arn || arn->service != "iam" || !arn->resource.starts_with("role/")) return {};
  if (arn->account_id != principal.account_id) {
    if (mode() == IamMode::Soft) return {};
    return Fail(Error::Service("AccessDeniedException", "Cross-account pass role is not allowed."));
  }
  if (IsAdministrator(principal)) return {};
  ConditionKeys keys;
  AddGlobalKeys(principal, {}, clock_->WallNow(), keys);
  AddKeys(principal, keys);
  keys.Add("iam:PassedToService", service);
  return Authorize({principal, "iam:PassRole", role_arn, keys}, {.owner_account_id = arn->account_id, .decision = {}}, {});
}

}  // namespace mayfly::identity
