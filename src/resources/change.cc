#include "resources/change.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace mayfly::resources {
namespace {

using Kind = TableEntry::Change;

bool IsOvertaken(const Error& error) { return error.code == "PreconditionFailed"; }

}  // namespace

// --- staging -------------------------------------------------------------------------------------------------------------

Error Change::Blocked(AnyTable& table, const std::string& key) {
  blocker_ = {&table, key};
  return table.errors().busy(key);
}

void Change::AddStep(AnyTable& table, std::string key, AnyPointer old_value, AnyPointer new_value, std::string text) {
  steps_.push_back({&table, std::move(key), std::move(old_value), std::move(new_value), std::move(text), table.cleared_at_});
}

Result<> Change::StageCreate(AnyTable& table, const std::string& key, std::string text, AnyPointer value) {
  MF_TRY_VOID(CheckOwners(table, key));
  const auto known = table.entries_.find(key);
  const bool exists = known != table.entries_.end() && known->change() != Kind::Deletion;
  if (!table.IsFree(key)) {
    const Error busy = Blocked(table, key);
    return Fail(exists ? table.errors().exists(key) : busy);
  }
  if (exists) return Fail(table.errors().exists(key));
  const auto entry = table.entries_.emplace(key, std::string_view(), 0).first;
  Mutable(table.entries_, entry).SetChange(Kind::Creation);
  batch_.RequireAbsent(table.name_, key).Put(table.name_, key, text);
  AddStep(table, key, nullptr, std::move(value), std::move(text));
  return {};
}

Result<> Change::StageReplace(AnyTable& table, const std::string& key, const AnyPointer& old, std::string text, AnyPointer value) {
  MF_TRY_VOID(CheckOwners(table, key));
  MF_TRY_VOID(Lock(table, key, old, Kind::Replacement));
  batch_.Put(table.name_, key, text);
  AddStep(table, key, old, std::move(value), std::move(text));
  return {};
}

Result<> Change::StageDelete(AnyTable& table, const std::string& key, const AnyPointer& old) {
  MF_TRY_VOID(Lock(table, key, old, Kind::Deletion));
  batch_.Delete(table.name_, key);
  AddStep(table, key, old, nullptr, {});
  return DeleteWhatHangsOn(table, key);
}

Result<> Change::Lock(AnyTable& table, const std::string& key, const AnyPointer& old, TableEntry::Change change) {
  if (!table.IsFree(key)) return Fail(Blocked(table, key));
  const auto entry = table.entries_.find(key);
  if (entry == table.entries_.end()) return Fail(table.errors().missing(key));
  if (!old || table.parsed_.Find(key) != old) return Fail(table.errors().busy(key));
  Mutable(table.entries_, entry).SetChange(change);
  batch_.RequireVersion(table.name_, key, entry->version());
  return {};
}

// --- owners --------------------------------------------------------------------------------------------------------------

Result<> Change::CheckOwners(const AnyTable& table, const std::string& key) {
  for (const Owner& owner : table.rules_.owners) {
    if (const auto owner_key = owner.key_of(key)) MF_TRY_VOID(CheckOwner(owner, *owner_key));
  }
  return {};
}

Result<> Change::CheckOwner(const Owner& owner, const std::string& owner_key) {
  AnyTable& table = *owner.table;
  const auto entry = table.entries_.find(owner_key);
  if (entry == table.entries_.end()) {
    if (owner.needed == Owner::Needed::IfPresent) return {};
    return table.IsFree(owner_key) ? Fail(table.errors().missing(owner_key)) : Fail(Blocked(table, owner_key));
  }
  if (entry->change() == Kind::Creation && IsCreating(table, owner_key)) return {};  // in the same commit
  if (entry->change() == Kind::Creation || entry->change() == Kind::Deletion) return Fail(Blocked(table, owner_key));
  batch_.RequirePresent(table.name_, owner_key);
  owners_.push_back({&table, owner_key});
  return {};
}

bool Change::IsCreating(const AnyTable& table, std::string_view key) const {
  return std::ranges::any_of(steps_, [&](const Step& step) { return step.table == &table && step.key == key; });
}

Result<> Change::DeleteWhatHangsOn(const AnyTable& owner, const std::string& key) {
  for (AnyTable* table : tables_->tables_) {
    for (const Owner& rule : table->rules_.owners) {
      if (rule.table == &owner) MF_TRY_VOID(DeleteUnder(*table, rule.root_of(key)));
    }
  }
  return {};
}

// In the store also what is not known here: another writer may have put it a moment ago.
Result<> Change::DeleteUnder(AnyTable& table, const std::string& root) {
  const std::string below = root + '/';
  if (const auto entry = table.entries_.find(root); entry != table.entries_.end()) MF_TRY_VOID(DeleteEntry(table, entry));
  for (auto entry = table.entries_.lower_bound(below); entry != table.entries_.end() && entry->key().starts_with(below); ++entry) {
    MF_TRY_VOID(DeleteEntry(table, entry));
  }
  batch_.DeleteUnder(table.name_, root);
  return {};
}

Result<> Change::DeleteEntry(AnyTable& table, TableEntries::const_iterator entry) {
  std::string key(entry->key());
  if (!table.IsFree(key)) return Fail(Blocked(table, key));
  AnyPointer old = table.Load(*entry);  // null when it cannot be read; it goes all the same
  Mutable(table.entries_, entry).SetChange(Kind::Deletion);
  AddStep(table, std::move(key), std::move(old), nullptr, {});
  return {};
}

// --- committing ----------------------------------------------------------------------------------------------------------

Task<Result<>> Change::Commit(Context& ctx) {
  if (batch_.steps().empty()) co_return Result<>();
  auto committed = co_await tables_->store_->Commit(ctx, std::move(batch_));
  if (committed) {
    Show(committed->version);
    co_return Result<>();
  }
  Error error = std::move(committed).error();
  if (IsOvertaken(error)) error = Overtaken();
  else if (!steps_.empty()) error = std::move(error).Wrap(fmt::format("change row {} of table {}", steps_.front().key, steps_.front().table->name_));
  End(0);
  co_return Fail(std::move(error));
}

// Which row it was the store does not say: all are read again.
Error Change::Overtaken() {
  for (const Step& step : steps_) step.table->Doubt(step.key);
  for (const Blocker& owner : owners_) owner.table->Doubt(owner.key);
  MF_ASSERT(!steps_.empty());  // each precondition is a step's or its owner's
  const Step& first = steps_.front();
  const Error busy = Blocked(*first.table, first.key);
  const bool is_creation = first.new_value && !first.old_value;
  return is_creation ? first.table->errors().exists(first.key) : busy;
}

void Change::Show(int64_t version) {
  MF_ASSERT(version > 0 || steps_.empty());
  // What has been cleared meanwhile, or written again by somebody else, is newer than this.
  std::erase_if(steps_, [version](const Step& step) {
    const auto entry = step.table->entries_.find(step.key);
    const bool is_outdated = version < step.table->cleared_at_ || (entry != step.table->entries_.end() && entry->version() > version);
    if (is_outdated) step.table->EndChange(step.key, version);
    return is_outdated;
  });
  for (const Step& step : steps_) step.table->Set(step.key, step.text, step.new_value ? version : 0, step.new_value);
  const std::vector<Step> steps = steps_;
  End(version);
  for (const Step& step : steps) step.table->Notify(step.key, step.old_value, step.new_value);
}

void Change::End(int64_t version) {
  for (const Step& step : std::exchange(steps_, {})) {
    auto& entries = step.table->entries_;
    const auto entry = entries.find(step.key);
    if (version == 0 && entry != entries.end() && step.cleared_at == step.table->cleared_at_) {
      if (entry->change() == Kind::Creation) entries.erase(entry);
      else Mutable(entries, entry).SetChange(Kind::None);
    }
    step.table->EndChange(step.key, version);
  }
}

}  // namespace mayfly::resources
