// PutRule, DeleteRule, DescribeRule, EnableRule, DisableRule, ListRules, ListRuleNamesByTarget.
#include <algorithm>

#include "resources/edit.h"
#include "services/events/events_api.h"
#include "services/events/rule_schedules.h"

namespace mayfly::events {
namespace {

std::optional<std::string> IfAny(const std::string& value) { return value.empty() ? std::nullopt : std::optional(value); }

Result<> CheckRule(const PutRuleRequest& request, const BusName& bus) {
  if (!request.event_pattern && !request.schedule_expression) {
    return Fail(Invalid("Parameter(s) EventPattern or ScheduleExpression must be specified."));
  }
  if (request.schedule_expression) {
    if (!bus.is_default()) return Fail(Invalid("ScheduleExpression is supported only on the default event bus."));
    if (!ParseRuleSchedule(*request.schedule_expression)) return Fail(Invalid("Parameter ScheduleExpression is not valid."));
  }
  if (!request.event_pattern) return {};
  auto pattern = patterns::EventPattern::Compile(*request.event_pattern, kEventDialect);
  return pattern ? Result<>() : Fail(std::move(pattern).error());
}

// A schedule that is new, or goes on after a pause, begins now.
bool BeginsAnew(const RuleRow* old, const RuleRow& rule) { return !old || old->schedule != rule.schedule || (!old->is_enabled() && rule.is_enabled()); }

// Whatever the request leaves out is cleared, but for targets and tags.
RuleRow RuleFrom(const PutRuleRequest& request, const RuleName& name, const RuleRow* old, int64_t now_millis) {
  RuleRow rule{.name = name, .pattern = request.event_pattern.value_or(""), .schedule = request.schedule_expression.value_or(""),
            .state = request.state.value_or("ENABLED"), .description = request.description.value_or(""), .role_arn = request.role_arn.value_or("")};
  if (old) {
    rule.targets = old->targets;
    rule.tags = old->tags;
    rule.created_by = old->created_by;
  }
  rule.scheduled_millis = BeginsAnew(old, rule) ? now_millis : old->scheduled_millis;
  return rule;
}

RuleRow WithTags(RuleRow rule, const PutRuleRequest& request) {
  for (const Tag& tag : request.tags.value_or(std::vector<Tag>())) rule.tags.emplace_back(tag.key, tag.value);
  return rule;
}

}  // namespace

Result<EventsApi::RulePointer> EventsApi::ExistingRule(const Context& ctx, const std::optional<std::string>& bus, const std::string& name) const {
  MF_TRY(BusName of_bus, ExistingBus(ctx, bus));
  return parts_.tables->rules.Get(RuleName{std::move(of_bus), name}.Key());
}

Task<Result<PutRuleResponse>> EventsApi::PutRule(Context& ctx, PutRuleRequest request) {
  MF_CO_TRY(BusName bus, ExistingBus(ctx, request.event_bus_name));
  MF_CO_TRY_VOID(CheckRule(request, bus));
  const RuleName name{std::move(bus), request.name};
  const auto stage = [&](resources::Change& change, const RulePointer& old) -> Result<> {
    RuleRow rule = RuleFrom(request, name, old.get(), NowMillis());
    if (old) return change.Replace(parts_.tables->rules, name.Key(), old, std::move(rule));
    rule = WithTags(std::move(rule), request);
    rule.created_by = ctx.principal.account_id;
    MF_TRY_VOID(resources::CheckTags(rule.tags, kTagRules));
    if (parts_.tables->rules.List(name.bus.Key() + '/', "", kRulesMax).size() >= kRulesMax) return Fail(LimitExceeded());
    return change.Create(parts_.tables->rules, name.Key(), std::move(rule));
  };
  MF_CO_TRY_VOID(co_await resources::EditWith(ctx, parts_.tables->rules, name.Key(), stage));
  co_return PutRuleResponse{.rule_arn = name.Arn()};
}

Task<Result<>> EventsApi::DeleteRule(Context& ctx, DeleteRuleRequest request) {
  MF_CO_TRY(BusName bus, ExistingBus(ctx, request.event_bus_name));
  const std::string key = RuleName{std::move(bus), request.name}.Key();
  const auto stage = [&](resources::Change& change, const RulePointer& rule) -> Result<> {
    if (!rule) return {};
    if (!rule->targets.empty()) return Fail(Invalid("Rule can't be deleted since it has targets."));
    return change.Delete(parts_.tables->rules, key, rule);
  };
  co_return co_await resources::EditWith(ctx, parts_.tables->rules, key, stage);
}

Task<Result<DescribeRuleResponse>> EventsApi::DescribeRule(Context& ctx, DescribeRuleRequest request) {
  MF_CO_TRY(const RulePointer rule, ExistingRule(ctx, request.event_bus_name, request.name));
  co_return DescribeRuleResponse{.name = rule->name.name, .arn = rule->name.Arn(), .event_pattern = IfAny(rule->pattern),
                                 .schedule_expression = IfAny(rule->schedule), .state = rule->state, .description = IfAny(rule->description),
                                 .role_arn = IfAny(rule->role_arn), .event_bus_name = rule->name.bus.name, .created_by = IfAny(rule->created_by)};
}

Task<Result<>> EventsApi::SetState(Context& ctx, const std::optional<std::string>& bus, const std::string& name, std::string state) {
  MF_CO_TRY(const RulePointer rule, ExistingRule(ctx, bus, name));
  co_return co_await resources::Edit(ctx, parts_.tables->rules, rule->name.Key(), [&](RuleRow& changed) -> Result<> {
    const bool was_enabled = changed.is_enabled();
    changed.state = state;
    if (!was_enabled && changed.is_enabled()) changed.scheduled_millis = NowMillis();
    return {};
  });
}

Task<Result<>> EventsApi::EnableRule(Context& ctx, EnableRuleRequest request) {
  co_return co_await SetState(ctx, request.event_bus_name, request.name, "ENABLED");
}

Task<Result<>> EventsApi::DisableRule(Context& ctx, DisableRuleRequest request) {
  co_return co_await SetState(ctx, request.event_bus_name, request.name, "DISABLED");
}

Task<Result<ListRulesResponse>> EventsApi::ListRules(Context& ctx, ListRulesRequest request) {
  MF_CO_TRY(const BusName bus, ExistingBus(ctx, request.event_bus_name));
  const std::string prefix = bus.Key() + '/' + request.name_prefix.value_or("");
  MF_CO_TRY(auto page, resources::NextPage(parts_.tables->rules, PageOf(prefix, request.limit, request.next_token)));
  ListRulesResponse response{.rules = std::vector<Rule>(), .next_token = std::move(page.next_marker)};
  for (const auto& row : page.rows) {
    const RuleRow& rule = *row.value;
    response.rules->push_back({.name = rule.name.name, .arn = rule.name.Arn(), .event_pattern = IfAny(rule.pattern), .state = rule.state,
                               .description = IfAny(rule.description), .schedule_expression = IfAny(rule.schedule), .role_arn = IfAny(rule.role_arn),
                               .event_bus_name = rule.name.bus.name});
  }
  co_return response;
}

Task<Result<ListRuleNamesByTargetResponse>> EventsApi::ListRuleNamesByTarget(Context& ctx, ListRuleNamesByTargetRequest request) {
  MF_CO_TRY(const BusName bus, ExistingBus(ctx, request.event_bus_name));
  const auto sends_there = [&](const auto& row) {
    return std::ranges::find(row.value->targets, request.target_arn, &RuleTarget::arn) != row.value->targets.end();
  };
  MF_CO_TRY(auto page, resources::NextPageIf(parts_.tables->rules, PageOf(bus.Key() + '/', request.limit, request.next_token), sends_there));
  ListRuleNamesByTargetResponse response{.rule_names = std::vector<std::string>(), .next_token = std::move(page.next_marker)};
  for (const auto& row : page.rows) response.rule_names->push_back(row.value->name.name);
  co_return response;
}

}  // namespace mayfly::events
