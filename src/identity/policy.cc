#include "identity/policy.h"

#include <algorithm>

namespace mayfly::identity {

bool Policy::Selects(const Selection& actions, std::string_view action) {
  const ConditionKeys none;  // actions hold no variables
  const bool listed = std::ranges::any_of(
      actions.patterns, [&](const PolicyPattern& pattern) { return pattern.IsLike(action, none, LetterCase::Ignored); });
  return listed != actions.is_not;
}

bool Policy::SelectsResource(const Selection& resources, const PolicyRequest& request) {
  const bool listed = std::ranges::any_of(resources.patterns, [&](const PolicyPattern& pattern) {
    return pattern.IsLikeArn(request.resource, request.keys, PolicyPattern::PartialArn::MatchesText);
  });
  return listed != resources.is_not;
}

PrincipalSet::Match Policy::Applies(const Statement& statement, const PolicyRequest& request) const {
  using Match = PrincipalSet::Match;
  const Match match = kind_ == Kind::Resource ? statement.principals.Find(request.principal) : Match::Exact;
  if (match == Match::None) return match;
  if (!Selects(statement.actions, request.action) || !SelectsResource(statement.resources, request)) return Match::None;
  const bool holds = std::ranges::all_of(statement.conditions, [&](const PolicyCondition& condition) { return condition.Holds(request.keys); });
  return holds ? match : Match::None;
}

Decision Policy::Evaluate(const PolicyRequest& request) const {
  Decision decision;
  PrincipalSet::Match best = PrincipalSet::Match::None;
  for (const Statement& statement : statements_) {
    const PrincipalSet::Match match = Applies(statement, request);
    if (match == PrincipalSet::Match::None) continue;
    if (statement.effect == Effect::Deny) return {.type = DecisionType::ExplicitDeny, .sid = statement.sid};
    if (decision.type == DecisionType::Allow && match <= best) continue;
    best = match;
    using Match = PrincipalSet::Match;
    decision = {.type = DecisionType::Allow, .sid = statement.sid, .is_delegated = match == Match::Account, .is_of_role = match == Match::Role};
  }
  return decision;
}

bool Policy::Depends(const Statement& statement) {
  return !statement.conditions.empty() || std::ranges::any_of(statement.resources.patterns, &PolicyPattern::has_variables);
}

bool Policy::Grant::Covers(std::string_view asked_action, std::string_view asked_resource) const {
  const ConditionKeys none;
  return action.IsLike(asked_action, none, LetterCase::Ignored) &&
         resource.IsLikeArn(asked_resource, none, PolicyPattern::PartialArn::MatchesText);
}

void Policy::AddGrants(std::vector<Grant>& grants) const {
  const PolicyPattern everything = PolicyPattern::Parse("*", Variables::Literal).value();
  const auto patterns_of = [&](const Selection& selection) { return selection.is_not ? std::vector{everything} : selection.patterns; };
  for (const Statement& statement : statements_) {
    if (statement.effect != Effect::Allow) continue;
    for (const PolicyPattern& action : patterns_of(statement.actions)) {
      for (const PolicyPattern& resource : patterns_of(statement.resources)) grants.push_back({action, resource});
    }
  }
}

void Policy::AddContextKeys(std::set<std::string>& names) const {
  for (const Statement& statement : statements_) {
    for (const PolicyPattern& resource : statement.resources.patterns) resource.AddVariables(names);
    for (const PolicyCondition& condition : statement.conditions) condition.AddContextKeys(names);
  }
}

}  // namespace mayfly::identity
