#include "services/lambda/permission_statements.h"

#include <fmt/format.h>

#include <algorithm>

#include "identity/arn.h"
#include "identity/policy.h"
#include "services/lambda/settings.h"

namespace mayfly::lambda {
namespace {

constexpr std::string_view kServiceDomains[] = {".amazonaws.com", ".amazonaws.com.cn", ".amazon.com", ".amazonaws.eu"};

Error InvalidPrincipal() { return InvalidParameterValue("The provided principal was invalid. Please check the principal and try again."); }

std::string AccountRoot(std::string_view account_id, std::string_view resource_arn) {
  return fmt::format("arn:{}:iam::{}:root", identity::ParseArn(resource_arn)->partition, account_id);
}

bool IsService(std::string_view principal) {
  return std::ranges::any_of(kServiceDomains,
                             [&](std::string_view domain) { return principal.size() > domain.size() && principal.ends_with(domain); });
}

// "*", an account, an ARN of IAM, or a service.
Result<json::Value> MakePrincipal(const std::string& principal, std::string_view resource_arn) {
  if (principal == "*") return json::Value("*");
  json::Object made;
  if (IsService(principal))
    made.emplace_back("Service", principal);
  else if (identity::IsAccountId(principal))
    made.emplace_back("AWS", AccountRoot(principal, resource_arn));
  else
    made.emplace_back("AWS", principal);
  json::Value value(std::move(made));
  if (!identity::PrincipalSet::Parse(value, identity::PrincipalSet::Form::Principal)) return Fail(InvalidPrincipal());
  return value;
}

struct Condition {
  std::string_view comparison;
  std::string_view key;
  const std::optional<std::string>& value;
};

json::Value MakeConditions(std::initializer_list<Condition> conditions) {
  json::Value made{json::Object()};
  for (const Condition& condition : conditions) {
    if (!condition.value) continue;
    if (!made.Find(condition.comparison)) made.Set(condition.comparison, json::Object());
    made.Find(condition.comparison)->Set(condition.key, *condition.value);
  }
  return made;
}

struct StatementParts {
  std::string_view sid;
  json::Value principal;
  std::string_view action;
  std::string_view resource;
  json::Value conditions;
};

json::Value Assemble(StatementParts parts) {
  json::Object statement;
  statement.emplace_back("Sid", parts.sid);
  statement.emplace_back("Effect", "Allow");
  statement.emplace_back("Principal", std::move(parts.principal));
  statement.emplace_back("Action", parts.action);
  statement.emplace_back("Resource", parts.resource);
  if (!parts.conditions.object().empty()) statement.emplace_back("Condition", std::move(parts.conditions));
  return json::Value(std::move(statement));
}

// The statements of a document that a client wrote may be a single one without a list.
json::Array& StatementsOf(json::Value& document) {
  json::Value* statements = document.Find("Statement");
  if (!statements->is_array()) *statements = json::Array{std::move(*statements)};
  return statements->array();
}

Result<json::Value> ParseDocument(std::string_view document) {
  if (!document.empty()) return json::Parse(document);
  json::Object made;
  made.emplace_back("Version", "2012-10-17");
  made.emplace_back("Id", "default");
  made.emplace_back("Statement", json::Array());
  return json::Value(std::move(made));
}

}  // namespace

Result<json::Value> MakeStatement(const AddPermissionRequest& request, std::string_view resource_arn) {
  if (request.function_url_auth_type && request.action != "lambda:InvokeFunctionUrl") {
    return Fail(InvalidParameterValue("FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action"));
  }
  if (request.invoked_via_function_url && request.action != "lambda:InvokeFunction") {
    return Fail(InvalidParameterValue("InvokedViaFunctionUrl is only supported for lambda:InvokeFunction action"));
  }
  MF_TRY(json::Value principal, MakePrincipal(request.principal, resource_arn));
  std::optional<std::string> via_url;
  if (request.invoked_via_function_url) via_url = *request.invoked_via_function_url ? "true" : "false";
  json::Value conditions = MakeConditions({{"StringEquals", "lambda:FunctionUrlAuthType", request.function_url_auth_type},
                                           {"StringEquals", "aws:PrincipalOrgID", request.principal_org_id},
                                           {"StringEquals", "AWS:SourceAccount", request.source_account},
                                           {"StringEquals", "lambda:EventSourceToken", request.event_source_token},
                                           {"Bool", "lambda:InvokedViaFunctionUrl", via_url},
                                           {"ArnLike", "AWS:SourceArn", request.source_arn}});
  return Assemble({request.statement_id, std::move(principal), request.action, resource_arn, std::move(conditions)});
}

Result<json::Value> MakeStatement(const AddLayerVersionPermissionRequest& request, std::string_view resource_arn) {
  MF_TRY(json::Value principal, MakePrincipal(request.principal, resource_arn));
  json::Value conditions = MakeConditions({{"StringEquals", "aws:PrincipalOrgID", request.organization_id}});
  return Assemble({request.statement_id, std::move(principal), request.action, resource_arn, std::move(conditions)});
}

Result<std::string> WithStatement(std::string_view document, json::Value statement) {
  MF_TRY(json::Value policy, ParseDocument(document));
  const std::string_view sid = statement.StringOr("Sid", "");
  json::Array& statements = StatementsOf(policy);
  if (std::ranges::any_of(statements, [&](const json::Value& known) { return known.StringOr("Sid", "") == sid; })) {
    return Fail(
        Conflict(fmt::format("The statement id ({}) provided already exists. Please provide a new statement id, or remove the existing "
                             "statement.",
                             sid)));
  }
  statements.push_back(std::move(statement));
  std::string text = json::Write(policy);
  if (text.size() > identity::kPolicyBytesMax) {
    return Fail(Error::Service("PolicyLengthExceededException", fmt::format("The final policy size ({}) is bigger than the limit ({}).",
                                                                            text.size(), identity::kPolicyBytesMax)));
  }
  return text;
}

Result<std::string> WithoutStatement(std::string_view document, std::string_view sid) {
  MF_TRY(json::Value policy, ParseDocument(document));
  json::Array& statements = StatementsOf(policy);
  if (std::erase_if(statements, [&](const json::Value& known) { return known.StringOr("Sid", "") == sid; }) == 0) {
    return Fail(Error::Service("ResourceNotFoundException", fmt::format("Statement {} is not found in resource policy.", sid)));
  }
  return statements.empty() ? std::string() : json::Write(policy);
}

}  // namespace mayfly::lambda
