// AddPermission, RemovePermission: statements of a topic's policy, by their labels.
#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "identity/arn.h"
#include "services/sns/sns_errors.h"
#include "services/sns/topic_authorizer.h"
#include "services/sns/topics_api.h"

namespace mayfly::sns {
namespace {

constexpr std::string_view kActions[] = {"GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic",
                                         "Subscribe", "ListSubscriptionsByTopic", "Publish", "Receive"};
constexpr size_t kStatementsMax = 20;

json::Value ListOf(std::vector<std::string> texts) {
  if (texts.size() == 1) return texts.front();
  json::Array list;
  for (std::string& text : texts) list.emplace_back(std::move(text));
  return list;
}

Result<> Check(const AddPermissionRequest& request) {
  if (request.label.empty()) return Fail(InvalidParameter("Label"));
  if (request.action_name.empty() || request.aws_account_id.empty()) return Fail(InvalidParameter("ActionName"));
  for (const std::string& action : request.action_name) {
    if (action != "*" && std::ranges::find(kActions, action) == std::end(kActions)) {
      return Fail(InvalidParameter("Policy statement action out of service scope!"));
    }
  }
  for (const std::string& account : request.aws_account_id) {
    if (!identity::IsAccountId(account)) return Fail(InvalidParameter(fmt::format("AWSAccountId: {}", account)));
  }
  return {};
}

json::Value StatementOf(const AddPermissionRequest& request, const TopicName& topic) {
  std::vector<std::string> principals, actions;
  for (const std::string& account : request.aws_account_id) {
    principals.push_back(fmt::format("arn:{}:iam::{}:root", identity::PartitionOf(topic.region), account));
  }
  for (const std::string& action : request.action_name) actions.push_back("SNS:" + action);
  json::Object principal;
  principal.emplace_back("AWS", ListOf(std::move(principals)));
  json::Object statement;
  statement.emplace_back("Sid", request.label);
  statement.emplace_back("Effect", "Allow");
  statement.emplace_back("Principal", std::move(principal));
  statement.emplace_back("Action", ListOf(std::move(actions)));
  statement.emplace_back("Resource", topic.Arn());
  return statement;
}

json::Value PolicyOf(const TopicRow& topic) {
  auto policy = json::Parse(topic.policy.empty() ? DefaultPolicy(topic.name) : topic.policy);
  return policy && policy->is_object() ? std::move(*policy) : json::Value(json::Object());
}

// The statements as a list; one alone need not be one.
json::Array& ListedStatements(json::Value& policy) {
  if (!policy.Find("Statement")) policy.Set("Statement", json::Array());
  json::Value& statements = *policy.Find("Statement");
  if (!statements.is_array()) {
    json::Array one;
    one.push_back(std::move(statements));
    statements = std::move(one);
  }
  return statements.array();
}

bool IsLabelled(const json::Value& statement, std::string_view label) { return statement.StringOr("Sid", "") == label; }

}  // namespace

Task<Result<>> TopicsApi::AddPermission(Context& ctx, AddPermissionRequest request) {
  MF_CO_TRY(const TopicPointer topic, topics_->Get(request.topic_arn));
  MF_CO_TRY_VOID(Check(request));
  co_return co_await topics_->Edit(ctx, topic->name, [&](TopicRow& changed) -> Result<> {
    json::Value policy = PolicyOf(changed);
    json::Array& statements = ListedStatements(policy);
    if (std::ranges::any_of(statements, [&](const json::Value& one) { return IsLabelled(one, request.label); })) {
      return Fail(InvalidParameter("Statement already exists"));
    }
    if (statements.size() >= kStatementsMax) return Fail(InvalidParameter("Policy", fmt::format("more than {} statements", kStatementsMax)));
    statements.push_back(StatementOf(request, changed.name));
    changed.policy = json::Write(policy);
    return {};
  });
}

Task<Result<>> TopicsApi::RemovePermission(Context& ctx, RemovePermissionRequest request) {
  MF_CO_TRY(const TopicPointer topic, topics_->Get(request.topic_arn));
  co_return co_await topics_->Edit(ctx, topic->name, [&](TopicRow& changed) -> Result<> {
    json::Value policy = PolicyOf(changed);
    std::erase_if(ListedStatements(policy), [&](const json::Value& one) { return IsLabelled(one, request.label); });
    changed.policy = json::Write(policy);
    return {};
  });
}

}  // namespace mayfly::sns
