// Buckets of all accounts: their rows, with what has been set for them. Names are one space for all.
//
// One per daemon, on the strand of its tables. A setting is kept as JSON of the model's own structure (kept_settings.h).
// Bound: kBucketsMax per account, beyond which CreateBucket answers TooManyBuckets.
#pragma once

#include <string>

#include "resources/edit.h"
#include "resources/paging.h"
#include "services/s3/object_row.h"

namespace mayfly::s3 {

inline constexpr size_t kBucketsMax = 10'000;

struct BucketRow {
  std::string name;
  std::string account_id;
  std::string region;
  int64_t created_millis = 0;
  std::string versioning;  // "", Enabled, Suspended
  bool has_object_lock = false;
  std::string acl;        // a canned one; "": private
  std::string ownership;  // "": none was set, or it was taken away
  std::string policy;
  StringPairs tags;
  StringPairs settings;  // name, JSON

  bool keeps_versions() const { return versioning == "Enabled"; }
  // "" where it is not set.
  std::string_view Setting(std::string_view setting) const;
  // "": takes it away.
  void Set(std::string_view setting, std::string json);
};

void VisitMembers(resources::Is<BucketRow> auto& row, auto&& visit) {
  visit("Name", row.name);
  visit("Account", row.account_id);
  visit("Region", row.region);
  visit("Created", row.created_millis);
  visit("Versioning", row.versioning);
  visit("ObjectLock", row.has_object_lock);
  visit("Acl", row.acl);
  visit("Ownership", row.ownership);
  visit("Policy", row.policy);
  visit("Tags", row.tags);
  visit("Settings", row.settings);
}
inline json::Value ToJson(const BucketRow& row) { return resources::WriteMembers(row); }
inline Result<> FromJson(std::string_view, const json::Value& value, BucketRow& row) {
  resources::ReadMembers(value, row);
  return {};
}

using BucketPointer = resources::ResourceTable<BucketRow>::Pointer;
inline constexpr std::string_view kBucketTable = "buckets";

class Buckets {
 public:
  explicit Buckets(store::Store& store);

  Task<Result<>> Open(Context& ctx) { return tables_.Open(ctx); }
  // nullptr: there is none.
  BucketPointer Find(std::string_view name) const { return table_.Find(name); }
  // Error: NoSuchBucket.
  Result<BucketPointer> Get(std::string_view name) const { return table_.Get(name); }
  std::vector<resources::ResourceTable<BucketRow>::Row> List(std::string_view account_id, std::string_view prefix, std::string_view after, size_t limit) const;
  std::vector<BucketPointer> All() const;

  // Errors: BucketAlreadyOwnedByYou, BucketAlreadyExists, TooManyBuckets.
  Task<Result<>> Create(Context& ctx, BucketRow row);
  // Errors: NoSuchBucket; those of `edit`; OperationAborted.
  Task<Result<>> Edit(Context& ctx, std::string name, std::function<Result<>(BucketRow&)> edit) { return resources::Edit(ctx, table_, name, std::move(edit)); }
  Task<Result<>> Delete(Context& ctx, std::string name) { return resources::Remove(ctx, table_, name); }

 private:
  resources::ResourceTables tables_;
  resources::ResourceTable<BucketRow> table_;
};

}  // namespace mayfly::s3
