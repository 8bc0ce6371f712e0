// PutPermission, RemovePermission.
#include <algorithm>

#include <fmt/format.h>

#include "identity/arn.h"
#include "identity/policy.h"
#include "services/events/events_api.h"

namespace mayfly::events {
namespace {

constexpr size_t kBusPolicyBytesMax = 10'240;

Error NoStatement() { return Error::Service("ResourceNotFoundException", "Statement with the provided id does not exist."); }

Result<json::Value> StatementOf(const PutPermissionRequest& request, const BusName& bus) {
  if (!request.action || !request.principal || !request.statement_id) {
    return Fail(Invalid("Parameter(s) Action, Principal and StatementId must be specified, or Policy."));
  }
  json::Value statement{json::Object()};
  statement.Set("Sid", *request.statement_id);
  statement.Set("Effect", "Allow");
  if (*request.principal == "*") {
    statement.Set("Principal", "*");
  } else {
    json::Value principal{json::Object()};
    principal.Set("AWS", fmt::format("arn:{}:iam::{}:root", identity::PartitionOf(bus.region), *request.principal));
    statement.Set("Principal", std::move(principal));
  }
  statement.Set("Action", *request.action);
  statement.Set("Resource", bus.Arn());
  if (request.condition) {
    json::Value values{json::Object()}, condition{json::Object()};
    values.Set(request.condition->key, request.condition->value);
    condition.Set(request.condition->type, std::move(values));
    statement.Set("Condition", std::move(condition));
  }
  return statement;
}

json::Array StatementsOf(const Bus& bus) {
  const auto policy = json::Parse(bus.policy);
  const json::Value* statements = policy ? policy->Find("Statement") : nullptr;
  if (!statements) return {};
  return statements->is_array() ? statements->array() : json::Array{*statements};
}

std::string PolicyOf(json::Array statements) {
  if (statements.empty()) return {};
  json::Value policy{json::Object()};
  policy.Set("Version", "2012-10-17");
  policy.Set("Statement", std::move(statements));
  return json::Write(policy);
}

bool IsNamed(const json::Value& statement, std::string_view sid) { return statement.StringOr("Sid", "") == sid; }

Result<> SetPolicy(Bus& bus, std::string policy) {
  if (policy.size() > kBusPolicyBytesMax) {
    return Fail(Error::Service("PolicyLengthExceededException", "The policy is longer than 10240 characters."));
  }
  if (!policy.empty() && !identity::Policy::Parse(policy, identity::Policy::Kind::Resource)) {
    return Fail(Invalid("Parameter Policy is not valid. Reason: The policy is malformed."));
  }
  bus.policy = std::move(policy);
  return {};
}

}  // namespace

Task<Result<>> EventsApi::PutPermission(Context& ctx, PutPermissionRequest request) {
  const BusName name = BusOf(ctx, request.event_bus_name);
  co_return co_await EditBus(ctx, name, [&](Bus& bus) -> Result<> {
    if (request.policy) return SetPolicy(bus, *request.policy);
    MF_TRY(json::Value statement, StatementOf(request, name));
    json::Array statements = StatementsOf(bus);
    std::erase_if(statements, [&](const json::Value& one) { return IsNamed(one, *request.statement_id); });
    statements.push_back(std::move(statement));
    return SetPolicy(bus, PolicyOf(std::move(statements)));
  });
}

Task<Result<>> EventsApi::RemovePermission(Context& ctx, RemovePermissionRequest request) {
  const BusName name = BusOf(ctx, request.event_bus_name);
  co_return co_await EditBus(ctx, name, [&](Bus& bus) -> Result<> {
    if (request.remove_all_permissions.value_or(false)) return SetPolicy(bus, "");
    if (bus.policy.empty()) return Fail(Error::Service("ResourceNotFoundException", "EventBus does not have a policy."));
    json::Array statements = StatementsOf(bus);
    const auto removed = std::erase_if(statements, [&](const json::Value& one) { return IsNamed(one, request.statement_id.value_or("")); });
    if (removed == 0) return Fail(NoStatement());
    return SetPolicy(bus, PolicyOf(std::move(statements)));
  });
}

}  // namespace mayfly::events
