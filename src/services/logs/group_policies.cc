#include "services/logs/group_policies.h"

#include <fmt/format.h>

#include "services/logs/logs_api.h"

namespace mayfly::logs {
namespace {

Error NoSuchPolicy(std::string_view key) {
  return Error::Service("ResourceNotFoundException", fmt::format("Policy with name [{}] does not exist", key.substr(key.find('/', key.find('/') + 1) + 1)));
}
Error OtherRevision() {
  return Error::Service("OperationAbortedException", "The resource policy has another revision than the one that was expected.");
}

}  // namespace

static void VisitMembers(resources::Is<PolicyRow> auto& policy, auto&& visit) {
  visit("Document", policy.document);
  visit("ResourceArn", policy.resource_arn);
  visit("Revision", policy.revision);
  visit("UpdatedMillis", policy.updated_millis);
}

json::Value ToJson(const PolicyRow& policy) { return resources::WriteMembers(policy); }
Result<> FromJson(std::string_view, const json::Value& value, PolicyRow& policy) {
  resources::ReadMembers(value, policy);
  return {};
}

GroupPolicies::GroupPolicies(store::Store& store, const identity::IdentityPolicies& identities, const Clock& clock)
    : tables_(store), policies_(tables_, "log_policies", {.owners = {}, .errors = {.missing = &NoSuchPolicy}}), control_(identities, clock) {}

Task<Result<>> GroupPolicies::Put(Context& ctx, std::string name, PolicyRow row, std::optional<std::string> expected) {
  if (row.document.size() > kPolicyBytesMax) co_return Fail(InvalidParameter("Resource policy is too large"));
  const auto parsed = identity::Policy::Parse(row.document, identity::Policy::Kind::Resource);
  if (!parsed) co_return Fail(InvalidParameter(parsed.error().message));
  const auto of_account = [](const auto& other) { return other.value->resource_arn.empty(); };
  const std::string key = Prefix(ctx) + name;
  co_return co_await resources::EditWith(ctx, policies_, key, [&](resources::Change& change, const auto& old) -> Result<> {
    if (expected && (!old || old->revision != *expected)) return Fail(OtherRevision());
    const bool is_full = !old && row.resource_arn.empty() && policies_.ListIf(Prefix(ctx), "", kPoliciesMax, of_account).size() >= kPoliciesMax;
    if (is_full) return Fail(Error::Service("LimitExceededException", "Resource limit exceeded."));
    return change.Put(policies_, key, row);
  });
}

Task<Result<>> GroupPolicies::Delete(Context& ctx, std::string name, std::optional<std::string> expected) {
  const std::string key = Prefix(ctx) + name;
  co_return co_await resources::EditWith(ctx, policies_, key, [&](resources::Change& change, const auto& old) -> Result<> {
    if (!old) return Fail(NoSuchPolicy(key));
    if (expected && old->revision != *expected) return Fail(OtherRevision());
    return change.Delete(policies_, key, old);
  });
}

Result<GroupPolicies::Page> GroupPolicies::List(const Context&, const resources::PageRequest& request, const std::optional<std::string>& resource_arn, bool of_groups) const {
  return resources::NextPageIf(policies_, request, [&](const auto& row) {
    if (resource_arn) return row.value->resource_arn == *resource_arn;
    return row.value->resource_arn.empty() != of_groups;
  });
}

Result<> GroupPolicies::Authorize(const identity::RequestPrincipal& principal, std::string_view action, const GroupKey& group, std::string_view stream,
                                  const identity::ConditionKeys& keys) const {
  std::vector<identity::PolicyPointer> policies;
  const std::string prefix = group.account_id + "/" + group.region + "/";
  const std::string arn = group.Arn();
  const auto counts = [&](const auto& row) { return row.value->resource_arn.empty() || row.value->resource_arn == arn || row.value->resource_arn == arn + ":*"; };
  for (const auto& row : policies_.ListIf(prefix, "", kPoliciesMax + 1, counts)) {
    if (auto parsed = identity::Policy::Parse(row.value->document, identity::Policy::Kind::Resource)) policies.push_back(std::move(*parsed));
  }
  const std::string stream_arn = group.StreamArn(stream);
  return control_.Authorize(principal, action, {.arn = stream_arn, .owner_account_id = group.account_id, .region = group.region}, policies, keys);
}

}  // namespace mayfly::logs
