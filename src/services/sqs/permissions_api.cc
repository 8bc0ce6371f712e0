#include "services/sqs/permissions_api.h"

#include <fmt/format.h>

#include <algorithm>

#include "identity/arn.h"
#include "identity/policy.h"
#include "services/sqs/errors.h"
#include "services/sqs/queue_url.h"

namespace mayfly::sqs {
namespace {

constexpr size_t kActionsMax = 7;
constexpr size_t kStatementsMax = 20;
constexpr std::string_view kActions[] = {"*",
                                         "SendMessage",
                                         "ReceiveMessage",
                                         "DeleteMessage",
                                         "ChangeMessageVisibility",
                                         "GetQueueAttributes",
                                         "GetQueueUrl",
                                         "ListDeadLetterSourceQueues",
                                         "PurgeQueue"};

json::Value OneOrMany(std::vector<std::string> texts) {
  if (texts.size() == 1) return texts.front();
  json::Array many;
  for (std::string& text : texts) many.emplace_back(std::move(text));
  return many;
}

Result<> CheckPermission(const AddPermissionRequest& request) {
  if (request.label.empty() || request.label.size() > 80) {
    return Fail(
        InvalidValue(request.label, "Label", "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length."));
  }
  if (request.actions.empty()) return Fail(Error::Service("MissingParameter", "The request must contain the parameter Actions."));
  if (request.aws_account_ids.empty()) {
    return Fail(InvalidParameterValue("Value [] for parameter PrincipalId is invalid. Reason: Unable to verify."));
  }
  if (request.actions.size() > kActionsMax) {
    return Fail(
        Error::Service("OverLimit", fmt::format("{} Actions were found, maximum allowed is {}.", request.actions.size(), kActionsMax)));
  }
  for (const std::string& action : request.actions) {
    if (std::ranges::find(kActions, action) == std::end(kActions)) {
      return Fail(InvalidValue("SQS:" + action, "ActionName", "Please refer to the appropriate WSDL for a list of valid actions. "));
    }
  }
  for (const std::string& account : request.aws_account_ids) {
    if (!identity::IsAccountId(account)) return Fail(InvalidValue(fmt::format("[{}]", account), "PrincipalId", "Unable to verify."));
  }
  return {};
}

json::Value MakeStatement(const AddPermissionRequest& request, const std::string& arn) {
  std::vector<std::string> principals, actions;
  for (const std::string& account : request.aws_account_ids) principals.push_back(fmt::format("arn:aws:iam::{}:root", account));
  for (const std::string& action : request.actions) actions.push_back("SQS:" + action);
  json::Object principal;
  principal.emplace_back("AWS", OneOrMany(std::move(principals)));
  json::Object statement;
  statement.emplace_back("Sid", request.label);
  statement.emplace_back("Effect", "Allow");
  statement.emplace_back("Principal", std::move(principal));
  statement.emplace_back("Action", OneOrMany(std::move(actions)));
  statement.emplace_back("Resource", arn);
  return statement;
}

json::Value PolicyOf(const Queue& queue) {
  if (!queue.policy.empty()) {
    auto policy = json::Parse(queue.policy);
    if (policy && policy->is_object()) return std::move(*policy);
  }
  json::Object made;
  made.emplace_back("Version", "2008-10-17");
  made.emplace_back("Id", queue.name.Arn() + "/SQSDefaultPolicy");
  made.emplace_back("Statement", json::Array());
  return made;
}

// The statements of a policy as a list; one alone need not be one.
json::Array& StatementsOf(json::Value& policy) {
  json::Value* statements = policy.Find("Statement");
  if (!statements) {
    policy.Set("Statement", json::Array());
    statements = policy.Find("Statement");
  }
  if (!statements->is_array()) {
    json::Array one;
    one.push_back(std::move(*statements));
    *statements = std::move(one);
  }
  return statements->array();
}

bool HasLabel(const json::Value& statement, std::string_view label) { return statement.StringOr("Sid", "") == label; }

}  // namespace

Task<Result<>> PermissionsApi::AddPermission(Context& ctx, AddPermissionRequest request) {
  MF_CO_TRY_VOID(CheckPermission(request));
  MF_CO_TRY(const QueueName name, ParseQueueUrl(ctx.principal, request.queue_url));
  co_return co_await queues_.Edit(ctx, name, [&](Queue& queue) -> Result<> {
    json::Value policy = PolicyOf(queue);
    json::Array& statements = StatementsOf(policy);
    if (std::ranges::any_of(statements, [&](const json::Value& statement) { return HasLabel(statement, request.label); })) {
      return Fail(InvalidValue(request.label, "Label", "Already exists."));
    }
    if (statements.size() >= kStatementsMax) {
      return Fail(Error::Service("OverLimit",
                                 fmt::format("{} statements were found, maximum allowed is {}.", statements.size() + 1, kStatementsMax)));
    }
    statements.push_back(MakeStatement(request, queue.name.Arn()));
    queue.policy = json::Write(policy);
    return {};
  });
}

Task<Result<>> PermissionsApi::RemovePermission(Context& ctx, RemovePermissionRequest request) {
  MF_CO_TRY(const QueueName name, ParseQueueUrl(ctx.principal, request.queue_url));
  co_return co_await queues_.Edit(ctx, name, [&](Queue& queue) -> Result<> {
    json::Value policy = PolicyOf(queue);
    json::Array& statements = StatementsOf(policy);
    if (std::erase_if(statements, [&](const json::Value& statement) { return HasLabel(statement, request.label); }) == 0) {
      return Fail(InvalidValue(request.label, "Label", "can't find label on existing policy."));
    }
    queue.policy = statements.empty() ? std::string() : json::Write(policy);
    return {};
  });
}

}  // namespace mayfly::sqs
