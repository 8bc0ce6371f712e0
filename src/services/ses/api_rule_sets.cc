// CreateReceiptRuleSet, CloneReceiptRuleSet, DeleteReceiptRuleSet, Describe(Active)ReceiptRuleSet, ListReceiptRuleSets, SetActiveReceiptRuleSet,
// ReorderReceiptRuleSet.
#include <fmt/format.h>

#include "resources/edit.h"
#include "services/ses/ses_api.h"

namespace mayfly::ses {
namespace {

constexpr size_t kRuleSetPageMax = 100;

ReceiptRuleSetMetadata MetadataOf(std::string_view name, const RuleSetRow& row) {
  return {.name = std::string(name), .created_timestamp = WallTime(std::chrono::milliseconds(row.created_millis))};
}

std::vector<ReceiptRule> RulesOf(const RuleSetRow& row) {
  std::vector<ReceiptRule> rules;
  for (const RuleRow& kept : row.rules) {
    if (auto rule = ReadRule(kept.settings)) rules.push_back(std::move(*rule));
  }
  return rules;
}

}  // namespace

Task<Result<>> SesApi::AddRuleSet(Context& ctx, const std::string& name, Rules rules) {
  if (!IsRuleName(name)) co_return Fail(InvalidParameterValue(fmt::format("Not a valid rule set name: {}", name)));
  const Place place = Place::Of(ctx);
  const std::string key = place.KeyOf(name);
  const auto stage = [&](resources::Change& change, const RuleSetPointer&) -> Result<> {
    if (parts_.tables->rule_sets.List(place.Key() + '/', "", kRuleSetsMax).size() >= kRuleSetsMax) {
      return Fail(LimitExceeded(fmt::format("You can have at most {} rule sets.", kRuleSetsMax)));
    }
    return change.Create(parts_.tables->rule_sets, key, RuleSetRow{.created_millis = NowMillis(), .rules = rules});
  };
  co_return co_await resources::EditWith(ctx, parts_.tables->rule_sets, key, stage);
}

Task<Result<CreateReceiptRuleSetResponse>> SesApi::CreateReceiptRuleSet(Context& ctx, CreateReceiptRuleSetRequest request) {
  MF_CO_TRY_VOID(co_await AddRuleSet(ctx, request.rule_set_name, {}));
  co_return CreateReceiptRuleSetResponse{};
}

Task<Result<CloneReceiptRuleSetResponse>> SesApi::CloneReceiptRuleSet(Context& ctx, CloneReceiptRuleSetRequest request) {
  MF_CO_TRY(const RuleSetPointer original, parts_.tables->rule_sets.Get(Place::Of(ctx).KeyOf(request.original_rule_set_name)));
  MF_CO_TRY_VOID(co_await AddRuleSet(ctx, request.rule_set_name, original->rules));
  co_return CloneReceiptRuleSetResponse{};
}

Task<Result<DeleteReceiptRuleSetResponse>> SesApi::DeleteReceiptRuleSet(Context& ctx, DeleteReceiptRuleSetRequest request) {
  const Place place = Place::Of(ctx);
  const std::string key = place.KeyOf(request.rule_set_name);
  const auto stage = [&](resources::Change& change, const RuleSetPointer& row) -> Result<> {
    const auto active = parts_.tables->active.Find(place.Key());
    if (!row) return {};
    if (active && active->rule_set == request.rule_set_name) {
      Error error = Error::Service("CannotDeleteException", fmt::format("Cannot delete active rule set: {}", request.rule_set_name));
      error.members.emplace_back("Name", json::Quote(request.rule_set_name));
      return Fail(std::move(error));
    }
    return change.Delete(parts_.tables->rule_sets, key, row);
  };
  MF_CO_TRY_VOID(co_await resources::EditWith(ctx, parts_.tables->rule_sets, key, stage));
  co_return DeleteReceiptRuleSetResponse{};
}

Task<Result<DescribeReceiptRuleSetResponse>> SesApi::DescribeReceiptRuleSet(Context& ctx, DescribeReceiptRuleSetRequest request) {
  MF_CO_TRY(const RuleSetPointer row, parts_.tables->rule_sets.Get(Place::Of(ctx).KeyOf(request.rule_set_name)));
  co_return DescribeReceiptRuleSetResponse{.metadata = MetadataOf(request.rule_set_name, *row), .rules = RulesOf(*row)};
}

Task<Result<DescribeActiveReceiptRuleSetResponse>> SesApi::DescribeActiveReceiptRuleSet(Context& ctx, DescribeActiveReceiptRuleSetRequest) {
  const Place place = Place::Of(ctx);
  const auto active = parts_.tables->active.Find(place.Key());
  const RuleSetPointer row = active ? parts_.tables->rule_sets.Find(place.KeyOf(active->rule_set)) : nullptr;
  if (!row) co_return DescribeActiveReceiptRuleSetResponse{};
  co_return DescribeActiveReceiptRuleSetResponse{.metadata = MetadataOf(active->rule_set, *row), .rules = RulesOf(*row)};
}

Task<Result<ListReceiptRuleSetsResponse>> SesApi::ListReceiptRuleSets(Context& ctx, ListReceiptRuleSetsRequest request) {
  const std::string prefix = Place::Of(ctx).Key() + '/';
  const resources::PageRequest wanted{.prefix = prefix, .marker = request.next_token, .limit = kRuleSetPageMax,
                                      .bad_marker = [] { return InvalidParameterValue("Invalid NextToken."); }};
  MF_CO_TRY(auto page, resources::NextPage(parts_.tables->rule_sets, wanted));
  ListReceiptRuleSetsResponse response{.rule_sets = std::vector<ReceiptRuleSetMetadata>(), .next_token = std::move(page.next_marker)};
  for (const auto& row : page.rows) response.rule_sets->push_back(MetadataOf(std::string_view(row.key).substr(prefix.size()), *row.value));
  co_return response;
}

Task<Result<SetActiveReceiptRuleSetResponse>> SesApi::SetActiveReceiptRuleSet(Context& ctx, SetActiveReceiptRuleSetRequest request) {
  const Place place = Place::Of(ctx);
  const std::string name = request.rule_set_name.value_or("");
  if (!name.empty()) MF_CO_TRY_VOID(parts_.tables->rule_sets.Get(place.KeyOf(name)));
  const auto stage = [&](resources::Change& change, const auto& old) -> Result<> {
    if (!name.empty()) return change.Put(parts_.tables->active, place.Key(), ActiveRow{.rule_set = name});
    return old ? change.Delete(parts_.tables->active, place.Key(), old) : Result<>();
  };
  MF_CO_TRY_VOID(co_await resources::EditWith(ctx, parts_.tables->active, place.Key(), stage));
  co_return SetActiveReceiptRuleSetResponse{};
}

Task<Result<ReorderReceiptRuleSetResponse>> SesApi::ReorderReceiptRuleSet(Context& ctx, ReorderReceiptRuleSetRequest request) {
  MF_CO_TRY_VOID(co_await EditRules(ctx, request.rule_set_name, [&](Rules& rules) -> Result<> {
    Rules ordered;
    for (const std::string& name : request.rule_names) {
      MF_TRY(const auto rule, FindRule(rules, name));
      ordered.push_back(std::move(*rule));
      rules.erase(rule);
    }
    if (!rules.empty()) return Fail(InvalidParameterValue(fmt::format("Rule names do not contain all rules of the set: {} is missing", rules.front().name)));
    rules = std::move(ordered);
    return {};
  }));
  co_return ReorderReceiptRuleSetResponse{};
}

}  // namespace mayfly::ses
