#include "services/s3/buckets.h"

#include <algorithm>

#include "services/s3/s3_errors.h"

namespace mayfly::s3 {
namespace {

Error Aborted(std::string_view) {
  return Error::Service("OperationAborted", "A conflicting conditional operation is currently in progress against this resource. Please try again.");
}

Error Exists(std::string_view) {
  return Error::Service("BucketAlreadyExists", "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
                                               "Select a different name and try again.");
}

Error OwnedByYou(std::string_view name) {
  return WithElement(Error::Service("BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it."),
                     "BucketName", name);
}

}  // namespace

std::string_view BucketRow::Setting(std::string_view setting) const {
  const auto found = std::ranges::find(settings, setting, [](const auto& pair) { return std::string_view(pair.first); });
  return found == settings.end() ? std::string_view() : std::string_view(found->second);
}

void BucketRow::Set(std::string_view setting, std::string json) {
  std::erase_if(settings, [&](const auto& pair) { return pair.first == setting; });
  if (!json.empty()) settings.emplace_back(setting, std::move(json));
}

Buckets::Buckets(store::Store& store)
    : tables_(store), table_(tables_, std::string(kBucketTable), {.owners = {}, .errors = {.missing = &NoSuchBucket, .exists = &Exists, .busy = &Aborted}}) {}

std::vector<resources::ResourceTable<BucketRow>::Row> Buckets::List(std::string_view account_id, std::string_view prefix, std::string_view after,
                                                                   size_t limit) const {
  return table_.ListIf(prefix, after, limit, [&](const auto& row) { return row.value->account_id == account_id; });
}

std::vector<BucketPointer> Buckets::All() const {
  std::vector<BucketPointer> all;
  for (const auto& row : table_.List("", "", SIZE_MAX)) all.push_back(row.value);
  return all;
}

Task<Result<>> Buckets::Create(Context& ctx, BucketRow row) {
  if (List(row.account_id, "", "", kBucketsMax).size() == kBucketsMax) {
    co_return Fail(Error::Service("TooManyBuckets", "You have attempted to create more buckets than allowed"));
  }
  const std::string name = row.name;
  co_return co_await resources::EditWith(ctx, table_, name, [&](resources::Change& change, const BucketPointer& old) -> Result<> {
    if (old) return Fail(old->account_id == row.account_id ? OwnedByYou(name) : Exists(name));
    return change.Create(table_, name, row);
  });
}

}  // namespace mayfly::s3
