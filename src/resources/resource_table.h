// ResourceTable<T>: all resources of one kind (functions, aliases, layer versions …): durable in a table of the store, and
// at hand in memory. Change: what one operation changes, in as many tables as it takes, as a whole or not at all.
//
// The store is the truth. In memory stands each row's text; what is used is parsed once and kept for a while, so that a
// hundred thousand resources cost little memory and no time at start.
// One per daemon and kind, on one strand. A change is durable when Commit completes, and visible to all readers from that
// moment. Two changes of one row at once: the second is refused while the first is on its way, and so is one whose caller
// has read a state that is not the present one.
//
// Keys are made of parts between '/': rows that belong to a function have keys FUNCTION-KEY/QUALIFIER[/more], with the
// function's key ACCOUNT/REGION/NAME. They are deleted with the function (and with the version or alias that the qualifier
// names), in the same commit.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/log.h"
#include "resources/packed_text.h"
#include "resources/table_entry.h"
#include "store/store.h"

namespace mayfly::resources {

enum class BelongsTo : unsigned char { Nothing, Function };

class ResourceTables;
class Change;

// What does not depend on the type of the resource.
class AnyTable {
 public:
  AnyTable(ResourceTables& tables, std::string name, BelongsTo owner);
  virtual ~AnyTable() = default;
  AnyTable(const AnyTable&) = delete;
  AnyTable& operator=(const AnyTable&) = delete;

  size_t size() const { return entries_.size(); }
  const std::string& name() const { return name_; }

 protected:
  using AnyPointer = std::shared_ptr<const void>;
  static Result<json::Value> ParseText(std::string_view text);
  virtual AnyPointer Parse(std::string_view key, std::string_view text) const = 0;
  virtual void Notify(const std::string& key, const AnyPointer& old_value, const AnyPointer& new_value) = 0;

  Task<Result<>> LoadAll(Context& ctx, store::Store& store);
  AnyPointer FindAny(std::string_view key) const;
  AnyPointer Load(const TableEntry& entry) const;
  void Remember(AnyPointer value) const;

  std::string name_;
  BelongsTo owner_;
  TableEntries entries_;
  mutable std::vector<AnyPointer> recent_;  // a ring: what was parsed last stays parsed
  mutable size_t next_recent_ = 0;

  friend class ResourceTables;
  friend class Change;
};

// T has, in its namespace: json::Value ToJson(const T&), and
// Result<> FromJson(std::string_view key, const json::Value&, T&) (members that are missing keep their defaults).
template <typename T>
class ResourceTable final : public AnyTable {
 public:
  using Pointer = std::shared_ptr<const T>;
  using Listener = std::function<void(const std::string& key, const Pointer& old_value, const Pointer& new_value)>;

  ResourceTable(ResourceTables& tables, std::string name, BelongsTo owner = BelongsTo::Nothing) : AnyTable(tables, std::move(name), owner) {}

  // nullptr when there is none. Equal pointers mean an unchanged resource, while one is held.
  Pointer Find(std::string_view key) const { return std::static_pointer_cast<const T>(FindAny(key)); }

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

// The tables of one store. Made first; tables register themselves; Open reads them all (recovering is starting).
class ResourceTables {
 public:
  explicit ResourceTables(store::Store& store) : store_(&store) {}

  Task<Result<>> Open(Context& ctx);
  // Forgets everything that is in memory (after the store has been cleared), and tells the listeners.
  void Clear();
  store::Store& store() const { return *store_; }

 private:
  friend class AnyTable;
  friend class Change;

  store::Store* store_;
  std::vector<AnyTable*> tables_;
  AnyTable* functions_ = nullptr;  // whose rows own those of tables that belong to functions,
  AnyTable* versions_ = nullptr;   // and so do, below a function, its versions
  AnyTable* aliases_ = nullptr;    // and aliases
};

// Stage everything, then Commit. What is staged is locked until the Change ends.
class Change {
 public:
  explicit Change(ResourceTables& tables) : tables_(&tables) {}
  ~Change();
  Change(const Change&) = delete;
  Change& operator=(const Change&) = delete;

  // Errors of staging (Service, ResourceConflictException): the row exists; it is not `old` any more; another change of it
  // or the deletion of the function that it belongs to is on its way. ResourceNotFoundException: that function has gone.
  template <typename T>
  Result<> Create(ResourceTable<T>& table, const std::string& key, T value) {
    const std::string text = PackText(json::Write(ToJson(value)));
    return StageCreate(table, key, text, std::shared_ptr<const T>(new T(std::move(value))));
  }
  template <typename T>
  Result<> Replace(ResourceTable<T>& table, const std::string& key, const std::shared_ptr<const T>& old, T value) {
    const std::string text = PackText(json::Write(ToJson(value)));
    return StageReplace(table, key, old, text, std::shared_ptr<const T>(new T(std::move(value))));
  }
  // Create or Replace, as it is now.
  template <typename T>
  Result<> Put(ResourceTable<T>& table, const std::string& key, T value) {
    const auto old = table.Find(key);
    return old ? Replace(table, key, old, std::move(value)) : Create(table, key, std::move(value));
  }
  template <typename T>
  Result<> Delete(ResourceTable<T>& table, const std::string& key, const std::shared_ptr<const T>& old) {
    return StageDelete(table, key, old);
  }
  // All rows of tables that belong to functions whose keys are `key` or begin with `key` and '/'.
  Result<> DeleteBelongings(const std::string& key);
  // Further steps of the same commit.
  store::Batch& batch() { return batch_; }

  // Errors: faults of the store; nothing has changed then. Not undone when the caller goes away.
  Task<Result<>> Commit(Context& ctx);

 private:
  struct Step {
    AnyTable* table;
    std::string key;
    AnyTable::AnyPointer old_value;
    AnyTable::AnyPointer new_value;  // null: deleted
    std::string text;
  };
  Result<> StageCreate(AnyTable& table, const std::string& key, const std::string& text, AnyTable::AnyPointer value);
  Result<> StageReplace(AnyTable& table, const std::string& key, const AnyTable::AnyPointer& old, const std::string& text, AnyTable::AnyPointer value);
  Result<> StageDelete(AnyTable& table, const std::string& key, const AnyTable::AnyPointer& old);
  Result<> StageBelonging(AnyTable& table, const TableEntry& entry);
  Result<> Lock(AnyTable& table, const std::string& key, const AnyTable::AnyPointer& old, TableEntry::Change change);
  Result<> CheckOwner(const AnyTable& table, const std::string& key) const;
  bool IsQualifierLeaving(const AnyTable& table, std::string_view key, size_t function_key_bytes) const;
  void Unlock();

  ResourceTables* tables_;
  store::Batch batch_;
  std::vector<Step> steps_;
};

}  // namespace mayfly::resources
