#include "catalog/alias.h"

#include <fmt/format.h>

#include "resources/json_members.h"

namespace mayfly::catalog {
namespace {

template <typename Self, typename Visitor>
void VisitMembers(Self& alias, Visitor&& visit) {
  visit("FunctionVersion", alias.function_version);
  visit("Description", alias.description);
  visit("AdditionalVersion", alias.additional_version);
  visit("AdditionalWeight", alias.additional_weight);
  visit("RevisionId", alias.revision_id);
}

}  // namespace

std::string AliasKey(const FunctionName& function, std::string_view name) { return fmt::format("{}/{}", function.Key(), name); }

json::Value ToJson(const Alias& alias) {
  return resources::WriteMembers(alias, [](auto& from, auto& visit) { VisitMembers(from, visit); });
}

Result<> FromJson(std::string_view key, const json::Value& value, Alias& alias) {
  MF_TRY(alias.function, NameFromKey(key));
  alias.name = key.substr(key.rfind('/') + 1);
  VisitMembers(alias, resources::MemberReader(value));
  return {};
}

}  // namespace mayfly::catalog
