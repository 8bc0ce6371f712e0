#include "services/decisions_page.h"

#include <array>
#include <set>

#include "base/json.h"
#include "identity/arn.h"
#include "identity/policy_writer.h"

namespace mayfly::services {
namespace {

constexpr std::array<std::string_view, 4> kModeNames = {"auto", "open", "soft", "strict"};
constexpr std::array<std::string_view, 3> kDecisionNames = {"implicitDeny", "allowed", "explicitDeny"};
constexpr std::array<std::string_view, 7> kPolicyKindNames = {"identity", "resource", "boundary", "session", "service-control", "resource-control", "role-trust"};

json::Value ViewOf(const identity::DecisionRecord& record) {
  json::Value view;
  view.Set("principal", record.principal);
  if (!record.function_name.empty()) view.Set("function", record.function_name);
  view.Set("action", record.action);
  view.Set("resource", record.resource);
  view.Set("decision", kDecisionNames[static_cast<size_t>(record.type)]);
  if (record.type != identity::DecisionType::Allow) view.Set("by", kPolicyKindNames[static_cast<size_t>(record.by)]);
  view.Set("count", record.count);
  view.Set("first", FormatIso8601(record.first_at));
  view.Set("last", FormatIso8601(record.last_at));
  return view;
}

json::Value TextsOf(const std::vector<std::string>& texts) {
  json::Array array;
  for (const std::string& text : texts) array.emplace_back(text);
  return json::Value(std::move(array));
}

}  // namespace

Task<http::Response> DecisionsPage::Get(Context& ctx, const http::Request&, std::string_view rest, std::string account_id) {
  const std::string account = account_id.empty() ? ctx.principal.account_id : std::move(account_id);
  const std::vector<identity::DecisionRecord> records = log_->Of(account, rest);
  std::vector<identity::PolicyPointer> policies;
  std::set<std::string_view> principals;
  json::Array decisions;
  for (const identity::DecisionRecord& record : records) {
    decisions.push_back(ViewOf(record));
    if (!principals.insert(record.principal).second) continue;
    for (identity::PolicyPointer& policy : enforcement_->PoliciesOf(account, record.principal)) policies.push_back(std::move(policy));
  }
  const identity::PolicyDifference difference = identity::Compare(records, policies);
  json::Value view;
  view.Set("mode", kModeNames[static_cast<size_t>(enforcement_->mode())]);
  view.Set("policy", identity::WritePolicy(records));
  view.Set("decisions", std::move(decisions));
  view.Set("missing", TextsOf(difference.missing));
  view.Set("unused", TextsOf(difference.unused));
  co_return http::Response::Json(200, json::Write(view) + "\n");
}

}  // namespace mayfly::services
