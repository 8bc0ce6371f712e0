// SimulatePrincipalPolicy, SimulateCustomPolicy, and which condition keys policies ask for. What is simulated is judged by what enforces.
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "identity/arn.h"
#include "identity/decision.h"
#include "services/iam/documents.h"
#include "services/iam/iam_handlers.h"
#include "services/iam/policy_statements.h"

namespace mayfly::iam {
namespace {

using identity::Decision;
using identity::DecisionType;

constexpr size_t kQuestionsMax = 1000;  // actions times resources

// A document that has a say, and what answers call it.
struct Document {
  std::string source_id;
  std::string source_type;
  std::string text;
  bool is_of_resource = false;
};

// What a simulation is about.
struct Scene {
  std::vector<Document> documents;   // what allows or denies
  std::vector<std::string> boundaries;
  std::optional<std::string> resource_policy;
  std::string caller_arn;
  std::string caller_account;
  std::string resource_owner;
  identity::PrincipalAccess access;
  identity::PolicyPointer parsed_resource_policy;
  identity::ConditionKeys keys;
  std::set<std::string> missing;     // condition keys that are asked for and not given
};

std::string_view WordsOf(DecisionType type) {
  switch (type) {
    case DecisionType::Allow: return PolicyEvaluationDecisionType::allowed;
    case DecisionType::ExplicitDeny: return PolicyEvaluationDecisionType::explicitDeny;
    case DecisionType::ImplicitDeny: break;
  }
  return PolicyEvaluationDecisionType::implicitDeny;
}

void AddInputs(const std::optional<std::vector<std::string>>& inputs, std::string_view name, std::vector<Document>& documents) {
  if (!inputs) return;
  for (size_t i = 0; i < inputs->size(); ++i) documents.push_back({fmt::format("{}.{}", name, i + 1), "none", (*inputs)[i]});
}

void AddPoliciesOf(const Core& core, std::string_view account_id, EntityKind kind, const EntityRow& row, std::vector<Document>& documents) {
  for (const auto& [name, text] : row.inline_policies) documents.push_back({name, std::string(WordOf(kind)), text});
  for (const std::string& arn : row.attached) {
    const PolicyRowPointer policy = core.tables().FindPolicy(account_id, arn);
    if (policy) documents.push_back({policy->name, policy->is_aws() ? "aws-managed" : "user-managed", policy->in_force().document});
  }
}

// Of a user (with its groups), a group or a role. Errors: InvalidInput, NoSuchEntity.
Result<> AddSource(const Core& core, const Context& ctx, std::string_view arn_text, Scene& scene) {
  const auto arn = identity::ParseArn(arn_text);
  if (!arn || arn->service != "iam" || arn->account_id != ctx.principal.account_id) return Fail(InvalidInput(fmt::format("Invalid Entity Arn: {} does not clearly define entity type and name.", arn_text)));
  const std::string_view name = arn->resource.substr(arn->resource.rfind('/') + 1);
  for (const EntityKind kind : {EntityKind::User, EntityKind::Group, EntityKind::Role}) {
    if (!arn->resource.starts_with(fmt::format("{}/", WordOf(kind)))) continue;
    MF_TRY(const EntityPointer row, core.Get(ctx, kind, name));
    AddPoliciesOf(core, arn->account_id, kind, *row, scene.documents);
    for (const std::string& group : row->groups) {
      if (const EntityPointer members = core.tables().Find(EntityKind::Group, arn->account_id, group)) AddPoliciesOf(core, arn->account_id, EntityKind::Group, *members, scene.documents);
    }
    if (const PolicyRowPointer boundary = row->boundary.empty() ? nullptr : core.tables().FindPolicy(arn->account_id, row->boundary)) scene.boundaries.push_back(boundary->in_force().document);
    for (const auto& [key, value] : row->tags) scene.keys.Add("aws:PrincipalTag/" + key, value);
    return {};
  }
  return Fail(InvalidInput(fmt::format("Invalid Entity Arn: {} does not clearly define entity type and name.", arn_text)));
}

Result<> AddContext(const std::optional<std::vector<ContextEntry>>& entries, identity::ConditionKeys& keys) {
  for (const ContextEntry& entry : entries.value_or(std::vector<ContextEntry>())) {
    if (!entry.context_key_name || !entry.context_key_values || entry.context_key_values->empty()) return Fail(InvalidInput("Context entries must have a name and a value."));
    for (const std::string& value : *entry.context_key_values) keys.Add(*entry.context_key_name, value);
  }
  return {};
}

// Reads all documents, and finds which condition keys are missing.
Result<> Prepare(Scene& scene) {
  std::set<std::string> asked;
  for (const Document& document : scene.documents) {
    MF_TRY(identity::PolicyPointer policy, ParsePermissions(document.text));
    scene.access.identity.push_back(std::move(policy));
    AddContextKeys(document.text, asked);
  }
  for (const std::string& boundary : scene.boundaries) {
    MF_TRY(scene.access.boundary, ParsePermissions(boundary));
    scene.access.has_boundary = true;
    AddContextKeys(boundary, asked);
  }
  if (scene.resource_policy) {
    auto policy = identity::Policy::Parse(*scene.resource_policy, identity::Policy::Kind::Resource);
    if (!policy) return Fail(MalformedDocument(std::move(policy).error().message));
    scene.parsed_resource_policy = std::move(*policy);
    AddContextKeys(*scene.resource_policy, asked);
    scene.documents.push_back({"ResourcePolicy", "resource", *scene.resource_policy, true});
  }
  for (const std::string& name : asked) {
    if (!scene.keys.Find(name)) scene.missing.insert(name);
  }
  return {};
}

// The statements that say something about the request, of those documents that decided.
std::vector<Statement> MatchedStatements(const Scene& scene, const identity::PolicyRequest& request, DecisionType wanted) {
  std::vector<Statement> matched;
  for (const Document& document : scene.documents) {
    for (const StatementText& statement : StatementsOf(document.text)) {
      const auto policy = identity::Policy::Parse(statement.document, document.is_of_resource ? identity::Policy::Kind::Resource : identity::Policy::Kind::Identity);
      if (!policy || (*policy)->Evaluate(request).type != wanted) continue;
      const auto position = [&](size_t offset) {
        const TextPosition at = PositionOf(document.text, offset);
        return Position{.line = at.line, .column = at.column};
      };
      matched.push_back({.source_policy_id = document.source_id, .source_policy_type = document.source_type, .start_position = position(statement.begin),
                         .end_position = position(statement.end)});
    }
  }
  return matched;
}

EvaluationResult Answer(const Scene& scene, const std::string& action, const std::string& resource) {
  const identity::RequestPrincipal principal{.account_id = scene.caller_account, .arn = scene.caller_arn};
  const identity::PolicyRequest request{principal, action, resource, scene.keys};
  identity::ResourceSide side{.owner_account_id = scene.resource_owner, .decision = {}};
  if (scene.parsed_resource_policy) side.decision = scene.parsed_resource_policy->Evaluate(request);
  const identity::Verdict verdict = identity::Judge(request, scene.access, side);
  EvaluationResult result{.eval_action_name = action, .eval_resource_name = resource, .eval_decision = std::string(WordsOf(verdict.type))};
  result.matched_statements = verdict.type == DecisionType::ImplicitDeny ? std::vector<Statement>() : MatchedStatements(scene, request, verdict.type);
  result.missing_context_values.emplace(scene.missing.begin(), scene.missing.end());
  if (scene.access.has_boundary) {
    const bool allows = scene.access.boundary->Evaluate(request).type == DecisionType::Allow;
    result.permissions_boundary_decision_detail = PermissionsBoundaryDecisionDetail{.allowed_by_permissions_boundary = allows};
  }
  return result;
}

template <typename Response, typename Request>
Result<Response> Simulate(Scene& scene, const Context& ctx, const Request& request) {
  scene.resource_policy = request.resource_policy;
  if (scene.caller_arn.empty()) scene.caller_arn = request.caller_arn.value_or(ctx.principal.arn);
  const auto caller = identity::ParseArn(scene.caller_arn);
  if (!caller) return Fail(InvalidInput(fmt::format("Invalid CallerArn: {}", scene.caller_arn)));
  scene.caller_account = caller->account_id;
  scene.resource_owner = scene.caller_account;
  if (request.resource_owner) {
    const auto owner = identity::ParseArn(*request.resource_owner);
    scene.resource_owner = owner ? std::string(owner->account_id) : *request.resource_owner;
  }
  MF_TRY_VOID(AddContext(request.context_entries, scene.keys));
  identity::AddGlobalKeys({.account_id = scene.caller_account, .arn = scene.caller_arn}, "", WallTime(), scene.keys);
  MF_TRY_VOID(Prepare(scene));
  const std::vector<std::string> resources = request.resource_arns.value_or(std::vector<std::string>{"*"});
  if (request.action_names.size() * resources.size() > kQuestionsMax) return Fail(InvalidInput("Too many actions and resources in one simulation."));
  std::vector<std::string> numbers;
  for (size_t i = 0; i < request.action_names.size() * resources.size(); ++i) numbers.push_back(fmt::format("{:0>6}", i));
  MF_TRY(Slice slice, SliceOf(numbers, PageWish::Of(request)));
  Response response;
  auto& results = response.evaluation_results.emplace();
  for (size_t i = slice.begin; i < slice.end; ++i) {
    const std::string& action = request.action_names[i / resources.size()];
    if (action.find(':') == std::string::npos) return Fail(InvalidInput(fmt::format("Invalid Action: {}", action)));
    results.push_back(Answer(scene, action, resources[i % resources.size()]));
  }
  SetPage(response, std::move(slice.marker));
  return response;
}

}  // namespace

Task<Result<SimulatePrincipalPolicyResponse>> SimulationApi::SimulatePrincipalPolicy(Context& ctx, SimulatePrincipalPolicyRequest request) {
  Scene scene;
  MF_CO_TRY_VOID(AddSource(*core_, ctx, request.policy_source_arn, scene));
  AddInputs(request.policy_input_list, "PolicyInputList", scene.documents);
  if (request.permissions_boundary_policy_input_list) scene.boundaries = *request.permissions_boundary_policy_input_list;
  scene.caller_arn = request.caller_arn.value_or(request.policy_source_arn);
  co_return Simulate<SimulatePrincipalPolicyResponse>(scene, ctx, request);
}

Task<Result<SimulateCustomPolicyResponse>> SimulationApi::SimulateCustomPolicy(Context& ctx, SimulateCustomPolicyRequest request) {
  Scene scene;
  AddInputs(request.policy_input_list, "PolicyInputList", scene.documents);
  if (request.permissions_boundary_policy_input_list) scene.boundaries = *request.permissions_boundary_policy_input_list;
  co_return Simulate<SimulateCustomPolicyResponse>(scene, ctx, request);
}

Task<Result<GetContextKeysForPrincipalPolicyResponse>> SimulationApi::GetContextKeysForPrincipalPolicy(Context& ctx, GetContextKeysForPrincipalPolicyRequest request) {
  Scene scene;
  MF_CO_TRY_VOID(AddSource(*core_, ctx, request.policy_source_arn, scene));
  AddInputs(request.policy_input_list, "PolicyInputList", scene.documents);
  std::set<std::string> names;
  for (const Document& document : scene.documents) AddContextKeys(document.text, names);
  co_return GetContextKeysForPrincipalPolicyResponse{.context_key_names = std::vector<std::string>(names.begin(), names.end())};
}

Task<Result<GetContextKeysForCustomPolicyResponse>> SimulationApi::GetContextKeysForCustomPolicy(Context&, GetContextKeysForCustomPolicyRequest request) {
  std::set<std::string> names;
  for (const std::string& text : request.policy_input_list) {
    MF_CO_TRY_VOID(ParsePermissions(text));
    AddContextKeys(text, names);
  }
  co_return GetContextKeysForCustomPolicyResponse{.context_key_names = std::vector<std::string>(names.begin(), names.end())};
}

}  // namespace mayfly::iam
