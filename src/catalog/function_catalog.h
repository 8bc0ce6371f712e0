// FunctionCatalog: which functions exist, with their versions and aliases.
//
// The rules of functions on top of Tables (tables.h), which hold them. One per daemon, one strand. A change is durable when
// its task completes, and visible to all readers from that moment. Two changes of one function at once: the second fails
// with ResourceConflictException and changes nothing.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "base/event.h"
#include "base/random.h"
#include "base/strand.h"
#include "catalog/function_reference.h"
#include "packages/package_uses.h"
#include "catalog/tables.h"

namespace mayfly::catalog {

using FunctionPointer = std::shared_ptr<const Function>;
using AliasPointer = std::shared_ptr<const Alias>;

class FunctionCatalog {
 public:
  FunctionCatalog(Loop& loop, Tables& tables) : tables_(&tables), surveyed_event_(loop) { Listen(); }

  // After the tables have been opened.
  Task<Result<>> Open(Context& ctx);

  // --- reading; nullptr when there is none ---
  FunctionPointer Find(const FunctionName& name) const { return tables_->functions.Find(name.Key()); }
  // `version`: "$LATEST" or a number.
  FunctionPointer FindVersion(const FunctionName& name, std::string_view version) const;
  AliasPointer FindAlias(const FunctionName& name, std::string_view alias) const { return tables_->aliases.Find(AliasKey(name, alias)); }
  // The published version with the highest number.
  FunctionPointer NewestVersion(const FunctionName& name) const;

  // What a qualifier means: a version ("", "$LATEST", a number), or an alias with the version that it points to.
  struct Resolved {
    FunctionPointer function;  // the version to show or run
    AliasPointer alias;        // null unless the qualifier is one
  };
  // Error: ResourceNotFoundException "Function not found: ARN:QUALIFIER".
  Result<Resolved> Resolve(const FunctionReference& reference) const;
  // As Resolve; of an alias with two versions, one is drawn by weight.
  Result<Resolved> ResolveForInvoke(const FunctionReference& reference, Random& random) const;

  size_t size() const { return tables_->functions.size(); }
  // Functions and versions that are Pending or InProgress, for recovery at start: keys of their rows.
  const std::set<std::string>& unsettled() const { return unsettled_; }
  FunctionPointer FindRow(const std::string& row_key) const;

  // --- changes ---
  // `version`: the published version that is made together with it (Publish), if any.
  // `with`: adds to the same commit what is to be there from the first moment.
  // Errors: ResourceConflictException "Function already exist: NAME"; those of `with`.
  using Addition = std::function<Result<>(resources::Change&)>;
  Task<Result<>> Create(Context& ctx, Function function, std::optional<Function> version = std::nullopt, Addition with = {});
  // Replaces `old` (which the caller read; $LATEST or a version) by `next`. Errors: ResourceConflictException when it was
  // changed meanwhile, ResourceNotFoundException when it was deleted.
  Task<Result<>> Replace(Context& ctx, const FunctionPointer& old, Function next);
  // Makes `version` of `latest`, which becomes `next_latest`. Errors as Replace.
  Task<Result<>> Publish(Context& ctx, const FunctionPointer& latest, Function next_latest, Function version);
  // A version, or with $LATEST the function, with everything that hangs on it, as a part of `change`. Errors as Replace.
  Result<> StageDelete(resources::Change& change, const FunctionPointer& old);
  // For whoever got a conflict: until no change of the row is on its way. Errors by ctx.
  Task<Result<>> WaitUntilFree(Context& ctx, std::string row_key);

  // Called after each change of a function or version, with the old state and the new one (either may be null).
  using Listener = std::function<void(const FunctionPointer& old_state, const FunctionPointer& new_state)>;
  void OnChange(Listener listener) { listeners_.push_back(std::move(listener)); }

  // --- what takes a look at everything ---
  // Goes through all functions and versions in slices, once after start: counts them for UsageOf, tells `look` of each.
  Task<> Survey(Context& ctx, std::function<void(const Function&)> look);
  // Sum of code sizes of functions and versions and number of functions of one account and region. Waits for the survey.
  struct Usage {
    int64_t code_bytes = 0;
    int64_t functions = 0;
    bool operator==(const Usage&) const = default;
  };
  Task<Result<Usage>> UsageOf(Context& ctx, std::string_view account_id, std::string_view region);
  // The same without waiting: until the survey has ended it may be less.
  Usage KnownUsageOf(std::string_view account_id, std::string_view region) const;
  // The packages and layer trees (hex SHA-256) that functions use: call after the survey.
  bool IsInUse(const std::string& sha256) const { return uses_.Contains(sha256); }

 private:
  void Listen();
  void OnRowChange(const std::string& key, const FunctionPointer& old_state, const FunctionPointer& new_state);
  void Count(const Function& function, int sign);
  void NoteSettling(resources::Change& change, const std::string& key, const Function& next);
  resources::ResourceTable<Function>& TableOf(const Function& function) { return function.is_latest() ? tables_->functions : tables_->versions; }

  Strand strand_;
  Tables* tables_;
  std::vector<Listener> listeners_;
  std::set<std::string> unsettled_;
  std::unordered_map<std::string, Usage> usage_;  // by ACCOUNT/REGION
  packages::PackageUses uses_;
  std::string survey_at_;                         // rows up to here are counted …
  bool survey_in_versions_ = false;               // … in "functions" first, then in "versions"
  bool surveyed_ = false;
  Event surveyed_event_;
};

}  // namespace mayfly::catalog
