// GroupPolicies: the resource policies of an account's log groups: which services may write to them.
//
// One per daemon, on the strand of its tables. A policy is the account's, for all groups that it names, or one group's. Parsed whenever they
// are asked.
// Limits: 10 policies of an account and region, one of each group; 5,120 bytes each.
#pragma once

#include "identity/access_control.h"
#include "resources/edit.h"
#include "resources/paging.h"
#include "services/logs/log_rows.h"

namespace mayfly::logs {

inline constexpr size_t kPoliciesMax = 10;
inline constexpr size_t kPolicyBytesMax = 5120;

struct PolicyRow {
  std::string document;
  std::string resource_arn;  // "": the account's
  std::string revision;
  int64_t updated_millis = 0;
};
json::Value ToJson(const PolicyRow& policy);
Result<> FromJson(std::string_view key, const json::Value& value, PolicyRow& policy);

class GroupPolicies {
 public:
  using Page = resources::Page<PolicyRow>;

  // All outlive it.
  GroupPolicies(store::Store& store, const identity::IdentityPolicies& identities, const Clock& clock);
  Task<Result<>> Open(Context& ctx) { return tables_.Open(ctx); }

  // `name`: of a group's policy its ARN. `expected`: the revision that it must have; nullopt: any. Errors: InvalidParameterException,
  // LimitExceededException, OperationAbortedException (another revision).
  Task<Result<>> Put(Context& ctx, std::string name, PolicyRow row, std::optional<std::string> expected);
  // Errors: ResourceNotFoundException, OperationAbortedException.
  Task<Result<>> Delete(Context& ctx, std::string name, std::optional<std::string> expected);
  // Error: InvalidParameterException.
  Result<Page> List(const Context& ctx, const resources::PageRequest& request, const std::optional<std::string>& resource_arn, bool of_groups) const;
  static std::string Prefix(const Context& ctx) { return ctx.principal.account_id + "/" + ctx.principal.region + "/"; }

  // Whether a service may do this with a stream of the group. Error: AccessDeniedException.
  Result<> Authorize(const identity::RequestPrincipal& principal, std::string_view action, const GroupKey& group, std::string_view stream,
                     const identity::ConditionKeys& keys) const;

 private:
  resources::ResourceTables tables_;
  resources::ResourceTable<PolicyRow> policies_;  // "ACCOUNT/REGION/NAME"
  identity::AccessControl control_;
};

}  // namespace mayfly::logs
