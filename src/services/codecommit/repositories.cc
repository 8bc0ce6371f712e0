#include "services/codecommit/repositories.h"

#include <fmt/format.h>

#include "base/text.h"
#include "identity/arn.h"

namespace mayfly::codecommit {
namespace {

Error MissingRepository(std::string_view key) { return Error::Service("RepositoryDoesNotExistException", RepositoryOfKey(key).name + " does not exist"); }
Error RepositoryExists(std::string_view key) {
  return Error::Service("RepositoryNameExistsException", "Repository named " + RepositoryOfKey(key).name + " already exists");
}
Error BusyRepository(std::string_view) { return Error::Service("ThrottlingException", "Another change of the repository is on its way. Try again."); }

resources::TableRules RulesOfKnown(resources::ResourceTable<RepositoryRow>& repositories) {
  const resources::Owner repository{.table = &repositories,
                                    .key_of = [](std::string_view key) { return std::optional(std::string(key)); },
                                    .root_of = [](std::string_view key) { return std::string(key); },
                                    .needed = resources::Owner::Needed::Always};
  return {.owners = {repository}, .errors = {.busy = BusyRepository}};
}

}  // namespace

std::string RepositoryName::Arn() const { return fmt::format("arn:{}:codecommit:{}:{}:{}", identity::PartitionOf(region), region, account_id, name); }

RepositoryName RepositoryOfKey(std::string_view key) {
  const auto parts = Split(key, '/');
  MF_ASSERT(parts.size() == 3);
  return {std::string(parts[0]), std::string(parts[1]), std::string(parts[2])};
}

std::optional<RepositoryName> ParseRepositoryArn(std::string_view text) {
  const auto arn = identity::ParseArn(text);
  if (!arn || arn->service != "codecommit") return std::nullopt;
  return RepositoryName{std::string(arn->account_id), std::string(arn->region), std::string(arn->resource)};
}

void VisitMembers(resources::Is<RepositoryRow> auto& row, auto&& visit) {
  visit("Id", row.id);
  visit("Description", row.description);
  visit("Configuration", row.configuration_id);
  visit("Triggers", row.triggers);
  visit("Created", row.created_millis);
  visit("Modified", row.modified_millis);
  visit("Tags", row.tags);
}

void VisitMembers(resources::Is<KnownRefsRow> auto& row, auto&& visit) { visit("Refs", row.refs); }

json::Value ToJson(const RepositoryRow& row) { return resources::WriteMembers(row); }
json::Value ToJson(const KnownRefsRow& row) { return resources::WriteMembers(row); }

Result<> FromJson(std::string_view key, const json::Value& value, RepositoryRow& row) {
  row.name = RepositoryOfKey(key);
  resources::ReadMembers(value, row);
  return {};
}

Result<> FromJson(std::string_view, const json::Value& value, KnownRefsRow& row) {
  resources::ReadMembers(value, row);
  return {};
}

RepositoryTables::RepositoryTables(resources::ResourceTables& all)
    : repositories(all, "codecommit_repositories", {.owners = {}, .errors = {.missing = MissingRepository, .exists = RepositoryExists, .busy = BusyRepository}}),
      known(all, "codecommit_refs", RulesOfKnown(repositories)) {}

std::string PathOf(const std::string& folder, const RepositoryName& name) { return fmt::format("{}/{}/{}.git", folder, name.account_id, name.name); }

}  // namespace mayfly::codecommit
