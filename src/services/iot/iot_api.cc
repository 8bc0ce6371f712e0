#include "services/iot/iot_api.h"

#include <fmt/format.h>

#include <algorithm>

#include "net/http_message.h"
#include "resources/edit.h"
#include "resources/tags.h"
#include "services/iot/rule_actions.h"
#include "services/iot/topic_filter.h"

namespace mayfly::iot {
namespace {

constexpr size_t kRulePageMax = 10'000;

Error BadRequest(std::string message) { return Error::Service("InvalidRequestException", std::move(message)); }

const resources::TagRules kIotTagRules{.reserved = [] { return BadRequest("Tag keys may not begin with aws:"); },
                                       .too_many = [](std::string_view) { return Error::Service("LimitExceededException", "A resource has at most 50 tags."); }};

// "a=1&b=2", as the header x-amz-tagging has them.
Result<resources::StringPairs> TagsOfHeader(const std::optional<std::string>& header) {
  resources::StringPairs tags;
  for (auto& [key, value] : http::ParseQuery(header.value_or(""))) tags.emplace_back(key, value);
  MF_TRY_VOID(resources::CheckTags(tags, kIotTagRules));
  return tags;
}

TopicRuleRow RowFrom(RuleName name, const TopicRulePayload& payload) {
  return {.name = std::move(name), .settings = WriteSettings(payload), .sql = payload.sql, .is_disabled = payload.rule_disabled.value_or(false)};
}

TopicRule Shown(const TopicRuleRow& row) {
  TopicRulePayload payload = ReadSettings(row.settings).value_or(TopicRulePayload{});
  return {.rule_name = row.name.name, .sql = row.sql, .description = std::move(payload.description),
          .created_at = WallTime(std::chrono::milliseconds(row.created_millis)), .actions = std::move(payload.actions), .rule_disabled = row.is_disabled,
          .aws_iot_sql_version = payload.aws_iot_sql_version.value_or("2015-10-08"), .error_action = std::move(payload.error_action)};
}

std::string PatternOf(const TopicRuleRow& row) {
  const auto sql = RuleSql::Compile(row.sql);
  return sql ? sql->topic_filter() : std::string();
}

Error NoResource(std::string_view arn) { return Error::Service("ResourceNotFoundException", fmt::format("No resource found for ARN {}", arn)); }

}  // namespace

Task<Result<>> IotApi::CreateTopicRule(Context& ctx, CreateTopicRuleRequest request) {
  MF_CO_TRY_VOID(CheckPayload(request.topic_rule_payload));
  TopicRuleRow row = RowFrom(RuleName::Of(ctx, request.rule_name), request.topic_rule_payload);
  MF_CO_TRY(row.tags, TagsOfHeader(request.tags));
  row.created_millis = ToEpochMillis(clock_->WallNow());
  const std::string key = row.name.Key(), place = row.name.Place();
  const auto stage = [&](resources::Change& change, const auto&) -> Result<> {
    if (rules_->table().List(place, "", kRulesMax).size() >= kRulesMax) return Fail(BadRequest(fmt::format("An account has at most {} rules.", kRulesMax)));
    return change.Create(rules_->table(), key, row);
  };
  co_return co_await resources::EditWith(ctx, rules_->table(), key, stage);
}

Task<Result<GetTopicRuleResponse>> IotApi::GetTopicRule(Context& ctx, GetTopicRuleRequest request) {
  MF_CO_TRY(const TopicRules::Pointer row, rules_->table().Get(RuleName::Of(ctx, request.rule_name).Key()));
  co_return GetTopicRuleResponse{.rule_arn = row->name.Arn(), .rule = Shown(*row)};
}

Task<Result<ListTopicRulesResponse>> IotApi::ListTopicRules(Context& ctx, ListTopicRulesRequest request) {
  const resources::PageRequest wanted{.prefix = RuleName::Of(ctx, "").Place(), .marker = request.next_token,
                                      .limit = resources::PageLimit(request.max_results, kRulePageMax), .bad_marker = [] { return BadRequest("Invalid token."); }};
  const auto is_wanted = [&](const auto& row) {
    if (request.rule_disabled && *request.rule_disabled != row.value->is_disabled) return false;
    return !request.topic || MatchesFilter(*request.topic, PatternOf(*row.value));
  };
  MF_CO_TRY(auto page, resources::NextPageIf(rules_->table(), wanted, is_wanted));
  ListTopicRulesResponse response{.rules = std::vector<TopicRuleListItem>(), .next_token = std::move(page.next_marker)};
  for (const auto& row : page.rows) {
    response.rules->push_back({.rule_arn = row.value->name.Arn(), .rule_name = row.value->name.name, .topic_pattern = PatternOf(*row.value),
                               .created_at = WallTime(std::chrono::milliseconds(row.value->created_millis)), .rule_disabled = row.value->is_disabled});
  }
  co_return response;
}

Task<Result<>> IotApi::ReplaceTopicRule(Context& ctx, ReplaceTopicRuleRequest request) {
  MF_CO_TRY_VOID(CheckPayload(request.topic_rule_payload));
  co_return co_await resources::Edit(ctx, rules_->table(), RuleName::Of(ctx, request.rule_name).Key(), [&](TopicRuleRow& row) -> Result<> {
    TopicRuleRow replaced = RowFrom(row.name, request.topic_rule_payload);
    replaced.created_millis = row.created_millis;
    replaced.tags = row.tags;
    row = std::move(replaced);
    return {};
  });
}

Task<Result<>> IotApi::DeleteTopicRule(Context& ctx, DeleteTopicRuleRequest request) {
  co_return co_await resources::Remove(ctx, rules_->table(), RuleName::Of(ctx, request.rule_name).Key());
}

Task<Result<>> IotApi::SetDisabled(Context& ctx, std::string name, bool is_disabled) {
  co_return co_await resources::Edit(ctx, rules_->table(), RuleName::Of(ctx, std::move(name)).Key(), [&](TopicRuleRow& row) -> Result<> {
    row.is_disabled = is_disabled;
    return {};
  });
}

Task<Result<>> IotApi::EnableTopicRule(Context& ctx, EnableTopicRuleRequest request) { co_return co_await SetDisabled(ctx, request.rule_name, false); }

Task<Result<>> IotApi::DisableTopicRule(Context& ctx, DisableTopicRuleRequest request) { co_return co_await SetDisabled(ctx, request.rule_name, true); }

Task<Result<DescribeEndpointResponse>> IotApi::DescribeEndpoint(Context&, DescribeEndpointRequest request) {
  const std::string type = request.endpoint_type.value_or("iot:Data");
  if (type != "iot:Data" && type != "iot:Data-ATS" && type != "iot:CredentialProvider" && type != "iot:Jobs") {
    co_return Fail(BadRequest(fmt::format("Unsupported endpoint type: {}", type)));
  }
  if (!type.starts_with("iot:Data")) co_return Fail(Error::Service("NotImplementedException", "Only endpoints for data are implemented by Mayfly."));
  const size_t scheme = origin_.find("://");
  co_return DescribeEndpointResponse{.endpoint_address = scheme == std::string::npos ? origin_ : origin_.substr(scheme + 3)};
}

Task<Result<>> IotApi::EditTags(Context& ctx, const std::string& arn, std::function<Result<>(resources::StringPairs&)> edit) {
  const auto name = ParseRuleArn(arn);
  if (!name || name->account_id != ctx.principal.account_id || !rules_->table().Find(name->Key())) co_return Fail(NoResource(arn));
  co_return co_await resources::Edit(ctx, rules_->table(), name->Key(), [&](TopicRuleRow& row) { return edit(row.tags); });
}

Task<Result<TagResourceResponse>> IotApi::TagResource(Context& ctx, TagResourceRequest request) {
  resources::StringPairs added;
  for (const Tag& tag : request.tags) added.emplace_back(tag.key, tag.value.value_or(""));
  MF_CO_TRY_VOID(co_await EditTags(ctx, request.resource_arn, [&](resources::StringPairs& tags) { return resources::AddTags(tags, added, kIotTagRules); }));
  co_return TagResourceResponse{};
}

Task<Result<UntagResourceResponse>> IotApi::UntagResource(Context& ctx, UntagResourceRequest request) {
  MF_CO_TRY_VOID(co_await EditTags(ctx, request.resource_arn, [&](resources::StringPairs& tags) -> Result<> {
    resources::RemoveTags(tags, request.tag_keys);
    return {};
  }));
  co_return UntagResourceResponse{};
}

Task<Result<ListTagsForResourceResponse>> IotApi::ListTagsForResource(Context& ctx, ListTagsForResourceRequest request) {
  const auto name = ParseRuleArn(request.resource_arn);
  const TopicRules::Pointer row = name && name->account_id == ctx.principal.account_id ? rules_->table().Find(name->Key()) : nullptr;
  if (!row) co_return Fail(NoResource(request.resource_arn));
  ListTagsForResourceResponse response{.tags = std::vector<Tag>()};
  for (const auto& [key, value] : row->tags) response.tags->push_back({.key = key, .value = value});
  co_return response;
}

}  // namespace mayfly::iot
