// Feeds a policy document and a request ("document\0action\0resource\0principal ARN\0key=value\0…") to the policy engine.
#include <cstddef>
#include <cstdint>

#include "identity/arn.h"
#include "identity/authorization.h"

namespace {

using namespace mayfly;
using namespace mayfly::identity;

std::string_view TakePart(std::string_view& text) {
  const size_t end = text.find('\0');
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return part;
}

void EvaluateFor(const PolicyPointer& policy, std::string_view text) {
  const std::string_view action = TakePart(text);
  const std::string_view resource = TakePart(text);
  const std::string_view arn = TakePart(text);
  ConditionKeys keys;
  while (!text.empty()) {
    const std::string_view pair = TakePart(text);
    keys.Add(pair.substr(0, pair.find('=')), pair.substr(pair.find('=') + 1));
  }
  const auto parsed = ParseArn(arn);
  const RequestPrincipal principals[] = {
      {.account_id = parsed ? parsed->account_id : std::string_view(), .arn = arn}, RequestPrincipal::Service(arn), RequestPrincipal::Anonymous()};
  for (const RequestPrincipal& principal : principals) {
    AddGlobalKeys(principal, "us-east-1", {}, keys);
    const PolicyRequest request{principal, action, resource, keys};
    const Decision decision = policy->Evaluate(request);
    const auto allowed = AdministratorsOnly().Authorize(request, {.owner_account_id = "111111111111", .decision = decision}, {});
    MF_ASSERT(allowed || allowed.error().IsService("AccessDeniedException"));
    MF_ASSERT(decision.type != DecisionType::ExplicitDeny || !allowed);
    const PrincipalAccess limited{.identity = {policy}, .has_boundary = true, .boundary = policy};
    const Verdict verdict = Judge(request, limited, {.owner_account_id = "111111111111", .decision = decision});
    MF_ASSERT(decision.type != DecisionType::ExplicitDeny || !verdict.allows());
    MF_ASSERT(verdict.allows() || DeniedText(request, verdict).contains("is not authorized to perform"));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view document = TakePart(text);
  for (const Policy::Kind kind : {Policy::Kind::Resource, Policy::Kind::Identity}) {
    const auto policy = Policy::Parse(document, kind);
    MF_ASSERT(policy || policy.error().IsService("MalformedPolicyDocument"));
    if (policy) EvaluateFor(*policy, text);
  }
  return 0;
}
