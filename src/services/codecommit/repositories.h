// What CodeCommit keeps: repositories with their triggers, and the references of each as its triggers know them. Rows of the control store,
// durable like everything that was answered 2xx.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "resources/json_members.h"
#include "resources/resource_table.h"
#include "services/codecommit/git_refs.h"

namespace mayfly::codecommit {

inline constexpr size_t kRepositoriesMax = 5'000;  // per account and region, as on AWS
inline constexpr size_t kTriggersMax = 10;
inline constexpr size_t kTriggerBranchesMax = 10;

struct RepositoryName {
  std::string account_id;
  std::string region;
  std::string name;

  static RepositoryName Of(const Context& ctx, std::string name) { return {ctx.principal.account_id, ctx.principal.region, std::move(name)}; }
  std::string Place() const { return account_id + '/' + region + '/'; }
  std::string Key() const { return Place() + name; }
  std::string Arn() const;  // arn:aws:codecommit:REGION:ACCOUNT:NAME
};
RepositoryName RepositoryOfKey(std::string_view key);
std::optional<RepositoryName> ParseRepositoryArn(std::string_view arn);

struct RepositoryRow {
  RepositoryName name;  // not part of the row: it is the row's key
  std::string id;
  std::string description;
  std::string configuration_id;  // of the triggers
  std::string triggers;          // GetRepositoryTriggers' answer as JSON; "" = none
  int64_t created_millis = 0;
  int64_t modified_millis = 0;
  resources::StringPairs tags;
};

// What the triggers of a repository have been told of.
struct KnownRefsRow {
  resources::StringPairs refs;  // name, commit
};

json::Value ToJson(const RepositoryRow& row);
Result<> FromJson(std::string_view key, const json::Value& value, RepositoryRow& row);
json::Value ToJson(const KnownRefsRow& row);
Result<> FromJson(std::string_view key, const json::Value& value, KnownRefsRow& row);

// Made before the store's tables are opened.
struct RepositoryTables {
  explicit RepositoryTables(resources::ResourceTables& all);

  resources::ResourceTable<RepositoryRow> repositories;
  resources::ResourceTable<KnownRefsRow> known;  // goes with its repository
};

// Where the bare repository is: FOLDER/ACCOUNT/NAME.git.
std::string PathOf(const std::string& folder, const RepositoryName& name);

}  // namespace mayfly::codecommit
