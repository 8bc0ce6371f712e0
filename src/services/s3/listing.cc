#include "services/s3/listing.h"

#include <algorithm>

#include "services/s3/object_store.h"

namespace mayfly::s3 {
namespace {

constexpr size_t kOrderDigits = 16;  // behind the NUL of a version's row

// Where a page begins, as a row's key: behind the prefix that `after` is or lies in, or behind the key.
std::string FirstName(const ListRequest& request) {
  const std::string bucket = request.bucket + '/';
  if (request.after.empty()) return bucket + request.prefix;
  const std::string rolled = CommonPrefixOf(request.after, request.prefix, request.delimiter);
  if (!rolled.empty()) return Successor(bucket + rolled);
  return std::max(bucket + request.prefix, bucket + request.after + '\x01');
}

// Takes down what a page holds, until it is full.
template <typename Item>
class PageWriter {
 public:
  PageWriter(const ListRequest& request, ListPage<Item>& page) : request_(&request), page_(&page) {}

  // Whether there is no room for another one; then the page is truncated.
  bool IsFull() {
    const size_t count = page_->items.size() + page_->prefixes.size();
    page_->is_truncated = count >= static_cast<size_t>(request_->limit);
    return page_->is_truncated;
  }
  void AddPrefix(std::string prefix) {
    page_->last = prefix;
    page_->last_id.clear();
    page_->prefixes.push_back(std::move(prefix));
  }
  void Add(Item item, std::string id) {
    page_->last = item.key;
    page_->last_id = std::move(id);
    page_->items.push_back(std::move(item));
  }

 private:
  const ListRequest* request_;
  ListPage<Item>* page_;
};

}  // namespace

std::string CommonPrefixOf(std::string_view key, std::string_view prefix, std::string_view delimiter) {
  if (delimiter.empty() || !key.starts_with(prefix)) return {};
  const size_t at = key.find(delimiter, prefix.size());
  return at == std::string_view::npos ? std::string() : std::string(key.substr(0, at + delimiter.size()));
}

std::string Successor(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

Task<Result<const store::Row*>> RowCursor::Peek(Context& ctx) {
  while (at_ == rows_.size() && !ended_) {
    MF_CO_TRY(rows_, co_await store_->Scan(ctx, table_, prefix_, from_, kScanRows));
    at_ = 0;
    ended_ = rows_.size() < kScanRows;
    if (!rows_.empty()) from_ = rows_.back().key + '\0';
  }
  co_return at_ < rows_.size() ? &rows_[at_] : nullptr;
}

void RowCursor::SkipTo(const std::string& key) {
  while (at_ < rows_.size() && rows_[at_].key < key) ++at_;
  if (at_ == rows_.size()) from_ = std::max(from_, key);
}

Task<Result<ListPage<ListedObject>>> ListKeys(Context& ctx, store::Store& store, ListRequest request) {
  const std::string bucket = request.bucket + '/';
  ListPage<ListedObject> page;
  if (request.limit == 0) co_return page;
  PageWriter<ListedObject> writer(request, page);
  RowCursor rows(store, kObjectTable, bucket + request.prefix, FirstName(request));
  while (true) {
    MF_CO_TRY(const store::Row* row, co_await rows.Peek(ctx));
    if (!row) co_return page;
    MF_CO_TRY(ObjectRow object, Read<ObjectRow>(row->value));
    if (object.is_marker) {
      rows.Skip();
      continue;
    }
    if (writer.IsFull()) co_return page;
    std::string key = row->key.substr(bucket.size());
    if (std::string rolled = CommonPrefixOf(key, request.prefix, request.delimiter); !rolled.empty()) {
      rows.SkipTo(Successor(bucket + rolled));
      writer.AddPrefix(std::move(rolled));
    } else {
      rows.Skip();
      writer.Add({std::move(key), std::move(object)}, {});
    }
  }
}

namespace {

// The older versions of the keys that are listed, read along with them.
class OlderVersions {
 public:
  OlderVersions(store::Store& store, std::string prefix, std::string from) : rows_(store, kVersionTable, std::move(prefix), std::move(from)) {}

  // The next one of this key; nullopt: no more.
  Task<Result<std::optional<ObjectRow>>> Next(Context& ctx, const std::string& name) {
    rows_.SkipTo(name + '\0');
    MF_CO_TRY(const store::Row* row, co_await rows_.Peek(ctx));
    if (!row || row->key.size() != name.size() + 1 + kOrderDigits || !row->key.starts_with(name) || row->key[name.size()] != '\0') co_return std::nullopt;
    MF_CO_TRY(ObjectRow version, Read<ObjectRow>(row->value));
    rows_.Skip();
    co_return version;
  }

 private:
  RowCursor rows_;
};

}  // namespace

Task<Result<ListPage<ListedVersion>>> ListVersions(Context& ctx, store::Store& store, ListRequest request) {
  const std::string bucket = request.bucket + '/';
  ListPage<ListedVersion> page;
  if (request.limit == 0) co_return page;
  PageWriter<ListedVersion> writer(request, page);
  // A page may end within a key.
  const bool within = !request.after.empty() && !request.after_id.empty();
  const std::string first = within ? bucket + request.after : FirstName(request);
  RowCursor rows(store, kObjectTable, bucket + request.prefix, first);
  OlderVersions older(store, bucket + request.prefix, first);
  while (true) {
    MF_CO_TRY(const store::Row* row, co_await rows.Peek(ctx));
    if (!row) co_return page;
    const std::string name = row->key;
    const std::string key = name.substr(bucket.size());
    if (std::string rolled = CommonPrefixOf(key, request.prefix, request.delimiter); !rolled.empty()) {
      if (writer.IsFull()) co_return page;
      rows.SkipTo(Successor(bucket + rolled));
      writer.AddPrefix(std::move(rolled));
      continue;
    }
    bool passed = !(within && key == request.after);
    MF_CO_TRY(ObjectRow newest, Read<ObjectRow>(row->value));
    rows.Skip();
    std::optional<ObjectRow> version = std::move(newest);
    for (bool is_latest = true; version; is_latest = false) {
      if (passed) {
        if (writer.IsFull()) co_return page;
        std::string id = version->version_id;
        writer.Add({key, std::move(*version), is_latest}, std::move(id));
      } else {
        passed = version->version_id == request.after_id;
      }
      MF_CO_TRY(version, co_await older.Next(ctx, name));
    }
  }
}

}  // namespace mayfly::s3
