// ResourceTable<T>: all resources of one kind: durable in a table of the store, and at hand in memory.
//
// The store is the truth. In memory stands each row's text; what is used is parsed once and kept for a while, so that a
// hundred thousand resources cost little memory and no time at start.
// One per daemon and kind, on one strand. Who has a const table may read it and does not change it; reading remembers what it has
// parsed all the same, so that const is no leave to read from another thread.
//
// Rows are written by Change (change.h) and nothing else: what it has committed is visible to all readers from that moment. What
// another writer of the same store commits becomes visible soon after: the tables follow the store (Store::Watch) and read again
// what they hear of. A change that rests on a row that somebody else has changed is refused by the store, whoever has heard of it.
//
// Keys are made of parts between '/'. A table's rules say which rows hang on which others: those go with them, in the same
// commit.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/log.h"
#include "base/strand.h"
#include "base/task_scope.h"
#include "resources/packed_text.h"
#include "resources/parsed_rows.h"
#include "resources/row_waits.h"
#include "resources/table_entry.h"
#include "store/store.h"

namespace mayfly::resources {

class AnyTable;
class ResourceTables;
class Change;

// A row of another table that a table's rows hang on: they are deleted with it, and none is written while it is being deleted.
struct Owner {
  AnyTable* table = nullptr;
  // The key of the row that owns the row `key`; nullopt: that one has no owner there.
  std::optional<std::string> (*key_of)(std::string_view key);
  // What an owner's rows have for keys: this, or this and '/' and more.
  std::string (*root_of)(std::string_view owner_key);
  // IfPresent: a row may hang on nothing there. Always: who writes a row without its owner gets the owner's RowErrors::missing.
  enum class Needed : unsigned char { Always, IfPresent };
  Needed needed = Needed::Always;
};

// What is said of a row, in the service's own words. Each gets the row's key.
struct RowErrors {
  Error (*missing)(std::string_view key) = &Missing;
  Error (*exists)(std::string_view key) = &Exists;
  // Another change of it came first, or is on its way.
  Error (*busy)(std::string_view key) = &Busy;

  // ResourceNotFoundException, ResourceConflictException.
  static Error Missing(std::string_view key);
  static Error Exists(std::string_view key);
  static Error Busy(std::string_view key);
};

struct TableRules {
  std::vector<Owner> owners;  // an owner's own owners as well
  RowErrors errors;
};

// What does not depend on the type of the resource.
class AnyTable {
 public:
  AnyTable(ResourceTables& tables, std::string name, TableRules rules);
  virtual ~AnyTable() = default;
  AnyTable(const AnyTable&) = delete;
  AnyTable& operator=(const AnyTable&) = delete;

  size_t size() const { return entries_.size(); }
  const std::string& name() const { return name_; }
  const RowErrors& errors() const { return rules_.errors; }
  ResourceTables& tables() const { return *tables_; }

  // Whether a change of the row can be begun: none is on its way, and nothing newer than what is seen here is known to exist.
  bool IsFree(std::string_view key) const;
  // Errors: Cancelled, DeadlineExceeded by ctx.
  Task<Result<>> WaitUntilFree(Context& ctx, std::string key);
  // For Edit (edit.h). Errors: those of RowWaits::TakeTurn; RowErrors::busy when too many wait already.
  Task<Result<RowWaits::Turn>> TakeTurn(Context& ctx, std::string key);

 protected:
  using AnyPointer = ParsedRows::Pointer;
  static Result<json::Value> ParseText(std::string_view text);
  virtual AnyPointer Parse(std::string_view key, std::string_view text) const = 0;
  virtual void Notify(const std::string& key, const AnyPointer& old_value, const AnyPointer& new_value) = 0;

  AnyPointer FindAny(std::string_view key) const;
  // nullptr: it is not there yet, or cannot be read.
  AnyPointer Load(const TableEntry& entry) const;

  std::string name_;
  TableEntries entries_;
  Strand strand_;

 private:
  friend class ResourceTables;
  friend class Change;
  struct Renewal {
    std::string key;
    AnyPointer old_value;
    AnyPointer new_value;
  };

  Task<Result<>> LoadAll(Context& ctx, store::Store& store);
  // Makes the row what it is in the store now (`version` 0: it is not there). `value`: the text's, when it is known.
  void Set(const std::string& key, std::string_view text, int64_t version, AnyPointer value);
  bool IsBusy(std::string_view key) const;

  // --- following the store ---
  void Follow(store::Store& store);
  void OnCommit(const store::RowChanges& changes);
  void Hear(const std::string& key, int64_t version);
  // The row may be another than the one that is seen here.
  void Doubt(const std::string& key);
  // The change of the row that was on its way has ended; `version` is what it committed, 0 for nothing.
  void EndChange(const std::string& key, int64_t version);
  // Takes in what has been read after news of version `heard`.
  std::optional<Renewal> Renew(const std::string& key, int64_t heard, const std::optional<store::Row>& row);
  void Clear(int64_t version);

  ResourceTables* tables_;
  TableRules rules_;
  mutable ParsedRows parsed_;
  RowWaits waits_;
  // Rows of which a version was heard of that is not seen here yet. Those without a change on its way are about to be read.
  std::map<std::string, int64_t, std::less<>> news_;
  int64_t cleared_at_ = 0;  // the version of the last Clear
  std::shared_ptr<void> watch_;
};

// T has, in its namespace: json::Value ToJson(const T&), and
// Result<> FromJson(std::string_view key, const json::Value&, T&) (members that are missing keep their defaults).
template <typename T>
class ResourceTable final : public AnyTable {
 public:
  using Pointer = std::shared_ptr<const T>;
  using Listener = std::function<void(const std::string& key, const Pointer& old_value, const Pointer& new_value)>;

  ResourceTable(ResourceTables& tables, std::string name, TableRules rules = {}) : AnyTable(tables, std::move(name), std::move(rules)) {}

  // nullptr when there is none. Equal pointers mean an unchanged resource, while one is held.
  Pointer Find(std::string_view key) const { return std::static_pointer_cast<const T>(FindAny(key)); }
  // Error: RowErrors::missing.
  Result<Pointer> Get(std::string_view key) const {
    if (Pointer found = Find(key)) return found;
    return Fail(errors().missing(key));
  }

  struct Row {
    std::string key;
    Pointer value;
  };
  // Rows whose keys begin with `prefix` and come after `after` (a whole key, "" = from the first), in the order of keys.
  std::vector<Row> List(std::string_view prefix, std::string_view after, size_t limit) const {
    return ListIf(prefix, after, limit, [](const Row&) { return true; });
  }
  // As List, those that `wanted` accepts.
  template <typename Predicate>
  std::vector<Row> ListIf(std::string_view prefix, std::string_view after, size_t limit, Predicate wanted) const {
    strand_.Check();
    std::vector<Row> page;
    auto entry = after.empty() || after < prefix ? entries_.lower_bound(prefix) : entries_.upper_bound(after);
    for (; entry != entries_.end() && page.size() < limit && entry->key().starts_with(prefix); ++entry) {
      Row row{std::string(entry->key()), std::static_pointer_cast<const T>(Load(*entry))};
      if (row.value && wanted(row)) page.push_back(std::move(row));
    }
    return page;
  }

  // Called after each change, with the old state and the new one (either may be null).
  void OnChange(Listener listener) { listeners_.push_back(std::move(listener)); }

 private:
  AnyPointer Parse(std::string_view key, std::string_view text) const override {
    auto document = ParseText(text);
    std::shared_ptr<T> value(new T());  // its memory is given back while a weak pointer remains
    Result<> read = document ? FromJson(key, *document, *value) : Result<>(Fail(document.error()));
    if (read) return value;
    log::Error("row {} of table {} cannot be read: {}", key, name_, read.error().ToString());
    return nullptr;
  }
  void Notify(const std::string& key, const AnyPointer& old_value, const AnyPointer& new_value) override {
    for (const Listener& listener : listeners_) {
      listener(key, std::static_pointer_cast<const T>(old_value), std::static_pointer_cast<const T>(new_value));
    }
  }

  std::vector<Listener> listeners_;
};

// The tables of one store. Made first, destroyed last; tables register themselves; Open reads them all (recovering is starting).
// When the store is cleared, all rows go, and the listeners are told.
class ResourceTables {
 public:
  explicit ResourceTables(store::Store& store) : store_(&store) {}

  // Error: a fault of the store.
  Task<Result<>> Open(Context& ctx);
  store::Store& store() const { return *store_; }

 private:
  friend class AnyTable;
  friend class Change;
  struct Stale {
    AnyTable* table;
    std::string key;
  };

  // What is stale is read in the background; rows that were heard of together are taken in together.
  void ReadAgain(AnyTable& table, std::string key);
  Task<> ReadForEver();
  Task<> ReadRows(Context& ctx, std::vector<Stale> rows);

  store::Store* store_;
  std::vector<AnyTable*> tables_;
  Loop* loop_ = nullptr;     // since Open
  std::vector<Stale> stale_;  // each is in its table's news_
  std::optional<Event> heard_;
  std::optional<TaskScope> reading_;
};

}  // namespace mayfly::resources
