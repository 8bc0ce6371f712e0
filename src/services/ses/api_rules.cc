// CreateReceiptRule, DescribeReceiptRule, UpdateReceiptRule, DeleteReceiptRule, SetReceiptRulePosition; CreateReceiptFilter,
// DeleteReceiptFilter, ListReceiptFilters.
#include <fmt/format.h>

#include <algorithm>

#include "resources/edit.h"
#include "services/ses/ses_api.h"

namespace mayfly::ses {

Result<std::vector<RuleRow>::iterator> FindRule(std::vector<RuleRow>& rules, const std::string& name) {
  const auto found = std::ranges::find(rules, name, &RuleRow::name);
  if (found == rules.end()) return Fail(RuleDoesNotExist(name));
  return found;
}

Result<std::vector<RuleRow>::iterator> PlaceAfter(std::vector<RuleRow>& rules, const std::optional<std::string>& after) {
  if (!after) return rules.begin();
  MF_TRY(const auto found, FindRule(rules, *after));
  return found + 1;
}

Task<Result<>> SesApi::EditRules(Context& ctx, const std::string& set, std::function<Result<>(Rules&)> edit) {
  co_return co_await resources::Edit(ctx, parts_.tables->rule_sets, Place::Of(ctx).KeyOf(set), [&](RuleSetRow& row) { return edit(row.rules); });
}

Task<Result<CreateReceiptRuleResponse>> SesApi::CreateReceiptRule(Context& ctx, CreateReceiptRuleRequest request) {
  MF_CO_TRY_VOID(CheckRule(request.rule));
  const RuleSetName set{Place::Of(ctx), request.rule_set_name};
  MF_CO_TRY_VOID(parts_.tables->rule_sets.Get(set.place.KeyOf(set.name)));
  MF_CO_TRY_VOID(co_await parts_.runner->Try(ctx, set, request.rule));
  MF_CO_TRY_VOID(co_await EditRules(ctx, request.rule_set_name, [&](Rules& rules) -> Result<> {
    if (FindRule(rules, request.rule.name)) return Fail(AlreadyExists("Rule", request.rule.name));
    if (rules.size() >= kRulesMax) return Fail(LimitExceeded(fmt::format("A rule set can have at most {} rules.", kRulesMax)));
    MF_TRY(const auto place, PlaceAfter(rules, request.after));
    rules.insert(place, RuleRow{.name = request.rule.name, .settings = WriteRule(request.rule)});
    return {};
  }));
  co_return CreateReceiptRuleResponse{};
}

Task<Result<DescribeReceiptRuleResponse>> SesApi::DescribeReceiptRule(Context& ctx, DescribeReceiptRuleRequest request) {
  MF_CO_TRY(const RuleSetPointer row, parts_.tables->rule_sets.Get(Place::Of(ctx).KeyOf(request.rule_set_name)));
  const auto rule = std::ranges::find(row->rules, request.rule_name, &RuleRow::name);
  if (rule == row->rules.end()) co_return Fail(RuleDoesNotExist(request.rule_name));
  co_return DescribeReceiptRuleResponse{.rule = ReadRule(rule->settings)};
}

Task<Result<UpdateReceiptRuleResponse>> SesApi::UpdateReceiptRule(Context& ctx, UpdateReceiptRuleRequest request) {
  MF_CO_TRY_VOID(CheckRule(request.rule));
  const RuleSetName set{Place::Of(ctx), request.rule_set_name};
  MF_CO_TRY_VOID(parts_.tables->rule_sets.Get(set.place.KeyOf(set.name)));
  MF_CO_TRY_VOID(co_await parts_.runner->Try(ctx, set, request.rule));
  MF_CO_TRY_VOID(co_await EditRules(ctx, request.rule_set_name, [&](Rules& rules) -> Result<> {
    MF_TRY(const auto rule, FindRule(rules, request.rule.name));
    rule->settings = WriteRule(request.rule);
    return {};
  }));
  co_return UpdateReceiptRuleResponse{};
}

Task<Result<DeleteReceiptRuleResponse>> SesApi::DeleteReceiptRule(Context& ctx, DeleteReceiptRuleRequest request) {
  MF_CO_TRY_VOID(co_await EditRules(ctx, request.rule_set_name, [&](Rules& rules) -> Result<> {
    std::erase_if(rules, [&](const RuleRow& rule) { return rule.name == request.rule_name; });
    return {};
  }));
  co_return DeleteReceiptRuleResponse{};
}

Task<Result<SetReceiptRulePositionResponse>> SesApi::SetReceiptRulePosition(Context& ctx, SetReceiptRulePositionRequest request) {
  MF_CO_TRY_VOID(co_await EditRules(ctx, request.rule_set_name, [&](Rules& rules) -> Result<> {
    MF_TRY(const auto found, FindRule(rules, request.rule_name));
    if (request.after == request.rule_name) return {};
    RuleRow rule = std::move(*found);
    rules.erase(found);
    MF_TRY(const auto place, PlaceAfter(rules, request.after));
    rules.insert(place, std::move(rule));
    return {};
  }));
  co_return SetReceiptRulePositionResponse{};
}

Task<Result<CreateReceiptFilterResponse>> SesApi::CreateReceiptFilter(Context& ctx, CreateReceiptFilterRequest request) {
  const ReceiptFilter& filter = request.filter;
  if (!IsRuleName(filter.name)) co_return Fail(InvalidParameterValue(fmt::format("Not a valid filter name: {}", filter.name)));
  if (!IsCidr(filter.ip_filter.cidr)) co_return Fail(InvalidParameterValue(fmt::format("Not a valid CIDR address: {}", filter.ip_filter.cidr)));
  const Place place = Place::Of(ctx);
  const std::string key = place.KeyOf(filter.name);
  const auto stage = [&](resources::Change& change, const auto&) -> Result<> {
    if (parts_.tables->filters.List(place.Key() + '/', "", kFiltersMax).size() >= kFiltersMax) {
      return Fail(LimitExceeded(fmt::format("You can have at most {} filters.", kFiltersMax)));
    }
    return change.Create(parts_.tables->filters, key, FilterRow{.policy = filter.ip_filter.policy, .cidr = filter.ip_filter.cidr});
  };
  MF_CO_TRY_VOID(co_await resources::EditWith(ctx, parts_.tables->filters, key, stage));
  co_return CreateReceiptFilterResponse{};
}

Task<Result<DeleteReceiptFilterResponse>> SesApi::DeleteReceiptFilter(Context& ctx, DeleteReceiptFilterRequest request) {
  const std::string key = Place::Of(ctx).KeyOf(request.filter_name);
  const auto stage = [&](resources::Change& change, const auto& row) -> Result<> {
    return row ? change.Delete(parts_.tables->filters, key, row) : Result<>();
  };
  MF_CO_TRY_VOID(co_await resources::EditWith(ctx, parts_.tables->filters, key, stage));
  co_return DeleteReceiptFilterResponse{};
}

Task<Result<ListReceiptFiltersResponse>> SesApi::ListReceiptFilters(Context& ctx, ListReceiptFiltersRequest) {
  const std::string prefix = Place::Of(ctx).Key() + '/';
  ListReceiptFiltersResponse response{.filters = std::vector<ReceiptFilter>()};
  for (const auto& row : parts_.tables->filters.List(prefix, "", kFiltersMax)) {
    response.filters->push_back({.name = row.key.substr(prefix.size()), .ip_filter = {.policy = row.value->policy, .cidr = row.value->cidr}});
  }
  co_return response;
}

}  // namespace mayfly::ses
