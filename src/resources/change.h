// Change: what one operation changes, in as many tables as it takes, as a whole or not at all.
//
// Made on the caller's stack: stage everything, then Commit. What is staged is locked until the Change ends; two changes of one
// row at once: the second is refused, as is one whose caller has read a state that is not the present one. A change that met
// another one says which row that was about (blocker()); Edit (edit.h) waits for it and begins again.
//
// Promises: durable when Commit completes; and the rows that it rests on (those that it replaces or deletes, their owners) are in
// the store as they were seen here, also when other daemons write to it.
#pragma once

#include "resources/resource_table.h"

namespace mayfly::resources {

class Change {
 public:
  explicit Change(ResourceTables& tables) : tables_(&tables) {}
  ~Change() { End(0); }
  Change(const Change&) = delete;
  Change& operator=(const Change&) = delete;

  // Errors of staging are those of the tables' RowErrors. Create: it exists, or is being made. Replace, Delete: it is missing; it is not `old` any
  // more (busy). All: another change of it is on its way; the row that owns it is being deleted (busy) or missing (the owner's).
  template <typename T>
  Result<> Create(ResourceTable<T>& table, const std::string& key, T value) {
    std::string text = PackText(json::Write(ToJson(value)));
    return StageCreate(table, key, std::move(text), std::shared_ptr<const T>(new T(std::move(value))));
  }
  template <typename T>
  Result<> Replace(ResourceTable<T>& table, const std::string& key, const std::shared_ptr<const T>& old, T value) {
    std::string text = PackText(json::Write(ToJson(value)));
    return StageReplace(table, key, old, std::move(text), std::shared_ptr<const T>(new T(std::move(value))));
  }
  // Create or Replace, as it is now.
  template <typename T>
  Result<> Put(ResourceTable<T>& table, const std::string& key, T value) {
    const auto old = table.Find(key);
    return old ? Replace(table, key, old, std::move(value)) : Create(table, key, std::move(value));
  }
  // With all rows that hang on it (Owner).
  template <typename T>
  Result<> Delete(ResourceTable<T>& table, const std::string& key, const std::shared_ptr<const T>& old) {
    return StageDelete(table, key, old);
  }
  // Further steps of the same commit, of queues and of tables that are no ResourceTable.
  store::Batch& batch() { return batch_; }

  // Errors: RowErrors::busy (or exists) when another writer of the store came first; faults of the store. Nothing has changed
  // then. Not undone when the caller goes away. Nothing staged: at once.
  Task<Result<>> Commit(Context& ctx);

  // The row because of which staging or committing was refused, when that passes: AnyTable::WaitUntilFree.
  struct Blocker {
    AnyTable* table;
    std::string key;
  };
  const std::optional<Blocker>& blocker() const { return blocker_; }

 private:
  using AnyPointer = AnyTable::AnyPointer;
  struct Step {
    AnyTable* table;
    std::string key;
    AnyPointer old_value;
    AnyPointer new_value;  // null: deleted
    std::string text;
    int64_t cleared_at;  // the table's, when this was staged: a lock of before a Clear is none any more
  };
  void AddStep(AnyTable& table, std::string key, AnyPointer old_value, AnyPointer new_value, std::string text);
  Result<> StageCreate(AnyTable& table, const std::string& key, std::string text, AnyPointer value);
  Result<> StageReplace(AnyTable& table, const std::string& key, const AnyPointer& old, std::string text, AnyPointer value);
  Result<> StageDelete(AnyTable& table, const std::string& key, const AnyPointer& old);
  Result<> DeleteWhatHangsOn(const AnyTable& owner, const std::string& key);
  Result<> DeleteUnder(AnyTable& table, const std::string& root);
  Result<> DeleteEntry(AnyTable& table, TableEntries::const_iterator entry);
  Result<> Lock(AnyTable& table, const std::string& key, const AnyPointer& old, TableEntry::Change change);
  Result<> CheckOwners(const AnyTable& table, const std::string& key);
  Result<> CheckOwner(const Owner& owner, const std::string& owner_key);
  Error Blocked(AnyTable& table, const std::string& key);
  Error Overtaken();
  bool IsCreating(const AnyTable& table, std::string_view key) const;
  void Show(int64_t version);
  void End(int64_t version);

  ResourceTables* tables_;
  store::Batch batch_;
  std::vector<Step> steps_;
  std::vector<Blocker> owners_;  // rows that must be there
  std::optional<Blocker> blocker_;
};

}  // namespace mayfly::resources
