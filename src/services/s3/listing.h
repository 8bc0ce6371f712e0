// Listing: the keys of a bucket in the order of their bytes, page by page, rolled up at a delimiter.
// Source: Amazon S3 API reference, "ListObjectsV2", "ListObjectVersions", "ListMultipartUploads".
//
// Reads the store by pages of kScanRows, so that a bucket may be as large as it likes. Each call stands alone; on the store's strand.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/s3/object_row.h"
#include "store/store.h"

namespace mayfly::s3 {

inline constexpr int kKeysPageMax = 1000;
inline constexpr size_t kScanRows = 300;

struct ListRequest {
  std::string bucket;
  std::string prefix;
  std::string delimiter;     // "": none
  std::string after;         // a key, or a common prefix: what comes after it; "": from the first
  std::string after_id;      // of versions and uploads: what comes after that one of the key `after`; "": after all of that key
  int limit = kKeysPageMax;  // of keys and common prefixes
};

template <typename Item>
struct ListPage {
  std::vector<Item> items;
  std::vector<std::string> prefixes;
  bool is_truncated = false;
  std::string last;     // the last key or common prefix of the page
  std::string last_id;  // its version or upload; "" of a prefix
};

struct ListedObject {
  std::string key;
  ObjectRow row;
};
struct ListedVersion {
  std::string key;
  ObjectRow row;
  bool is_latest = false;
};

Task<Result<ListPage<ListedObject>>> ListKeys(Context& ctx, store::Store& store, ListRequest request);
// Delete markers are among them.
Task<Result<ListPage<ListedVersion>>> ListVersions(Context& ctx, store::Store& store, ListRequest request);

// One row after the other of a table, those whose keys begin with a prefix.
class RowCursor {
 public:
  // `from`: where to begin, inclusive.
  RowCursor(store::Store& store, std::string_view table, std::string prefix, std::string from)
      : store_(&store), table_(table), prefix_(std::move(prefix)), from_(std::move(from)) {}

  // The row that is next, without its prefix; nullptr at the end. Valid until Skip or SkipTo.
  Task<Result<const store::Row*>> Peek(Context& ctx);
  void Skip() { ++at_; }
  // Goes on with the first row at or behind `key` (with its prefix).
  void SkipTo(const std::string& key);

 private:
  store::Store* store_;
  std::string table_;
  std::string prefix_;
  std::string from_;
  std::vector<store::Row> rows_;
  size_t at_ = 0;
  bool ended_ = false;
};

// The common prefix that a key is rolled up into; "": none.
std::string CommonPrefixOf(std::string_view key, std::string_view prefix, std::string_view delimiter);
// The first text behind all that begin with `prefix`; "": there is none.
std::string Successor(std::string prefix);

}  // namespace mayfly::s3
