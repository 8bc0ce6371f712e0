#include "catalog/alias.h"

#include <fmt/format.h>

#include "resources/json_members.h"

namespace mayfly::catalog {

static void VisitMembers(resources::Is<Alias> auto& alias, auto&& visit) {
  visit("FunctionVersion", alias.function_version);
  visit("Description", alias.description);
  visit("AdditionalVersion", alias.additional_version);
  visit("AdditionalWeight", alias.additional_weight);
  visit("RevisionId", alias.revision_id);
}

std::string AliasKey(const FunctionName& function, std::string_view name) { return fmt::format("{}/{}", function.Key(), name); }

json::Value ToJson(const Alias& alias) { return resources::WriteMembers(alias); }

Result<> FromJson(std::string_view key, const json::Value& value, Alias& alias) {
  MF_TRY(alias.function, NameFromKey(key));
  alias.name = key.substr(key.rfind('/') + 1);
  resources::ReadMembers(value, alias);
  return {};
}

}  // namespace mayfly::catalog
