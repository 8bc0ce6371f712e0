#include "catalog/resource_policy.h"

#include <fmt/format.h>

#include "resources/json_members.h"

namespace mayfly::catalog {

static void VisitMembers(resources::Is<ResourcePolicy> auto& policy, auto&& visit) {
  visit("Document", policy.document);
  visit("RevisionId", policy.revision_id);
}

std::string PolicyKey(const FunctionName& function, std::string_view qualifier) {
  return fmt::format("{}/{}", function.Key(), qualifier.empty() ? "$LATEST" : qualifier);
}

Result<ResourcePolicy> ResourcePolicy::Make(std::string document, std::string revision_id) {
  ResourcePolicy policy{.document = std::move(document), .revision_id = std::move(revision_id), .parsed = {}};
  MF_TRY(policy.parsed, identity::Policy::Parse(policy.document, identity::Policy::Kind::Resource));
  return policy;
}

json::Value ToJson(const ResourcePolicy& policy) { return resources::WriteMembers(policy); }

Result<> FromJson(std::string_view, const json::Value& value, ResourcePolicy& policy) {
  resources::ReadMembers(value, policy);
  MF_TRY(policy, ResourcePolicy::Make(std::move(policy.document), std::move(policy.revision_id)));
  return {};
}

}  // namespace mayfly::catalog
