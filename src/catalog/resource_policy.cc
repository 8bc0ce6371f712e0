#include "catalog/resource_policy.h"

#include <fmt/format.h>

#include "resources/json_members.h"

namespace mayfly::catalog {
namespace {

template <typename Self, typename Visitor>
void VisitMembers(Self& policy, Visitor&& visit) {
  visit("Document", policy.document);
  visit("RevisionId", policy.revision_id);
}

}  // namespace

std::string PolicyKey(const FunctionName& function, std::string_view qualifier) {
  return fmt::format("{}/{}", function.Key(), qualifier.empty() ? "$LATEST" : qualifier);
}

Result<ResourcePolicy> ResourcePolicy::Make(std::string document, std::string revision_id) {
  ResourcePolicy policy{.document = std::move(document), .revision_id = std::move(revision_id), .parsed = {}};
  MF_TRY(policy.parsed, identity::Policy::Parse(policy.document, identity::Policy::Kind::Resource));
  return policy;
}

json::Value ToJson(const ResourcePolicy& policy) {
  return resources::WriteMembers(policy, [](auto& from, auto& visit) { VisitMembers(from, visit); });
}

Result<> FromJson(std::string_view, const json::Value& value, ResourcePolicy& policy) {
  VisitMembers(policy, resources::MemberReader(value));
  MF_TRY(policy, ResourcePolicy::Make(std::move(policy.document), std::move(policy.revision_id)));
  return {};
}

}  // namespace mayfly::catalog
