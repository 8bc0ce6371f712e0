#include "resources/resource_table.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/event.h"
#include "base/task_scope.h"

namespace mayfly::resources {
namespace {

constexpr size_t kLoadPage = 4000;
constexpr size_t kRecentMax = 2048;  // about as many functions as a machine has environments for
constexpr std::string_view kFunctionsTable = "functions";
constexpr std::string_view kVersionsTable = "versions";
constexpr std::string_view kAliasesTable = "aliases";
constexpr size_t kVersionDigits = 10;  // VersionKey

Error Busy(std::string_view key) {
  return Error::Service("ResourceConflictException",
                        fmt::format("The operation cannot be performed at this time. An update is in progress for resource: {}", key));
}

// ACCOUNT/REGION/NAME of ACCOUNT/REGION/NAME/QUALIFIER/more.
std::string_view FunctionKeyOf(std::string_view key) {
  size_t at = 0;
  for (int part = 0; part < 3; ++part) {
    at = key.find('/', at + (part > 0));
    if (at == std::string_view::npos) return key;
  }
  return key.substr(0, at);
}

}  // namespace

AnyTable::AnyTable(ResourceTables& tables, std::string name, BelongsTo owner) : name_(std::move(name)), owner_(owner) {
  tables.tables_.push_back(this);
  if (name_ == kFunctionsTable) tables.functions_ = this;
  if (name_ == kVersionsTable) tables.versions_ = this;
  if (name_ == kAliasesTable) tables.aliases_ = this;
}

Result<json::Value> AnyTable::ParseText(std::string_view text) {
  MF_TRY(const std::string json, UnpackText(text));
  return json::Parse(json);
}

AnyTable::AnyPointer AnyTable::FindAny(std::string_view key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() ? nullptr : Load(*found);
}

AnyTable::AnyPointer AnyTable::Load(const TableEntry& entry) const {
  if (AnyPointer parsed = entry.parsed.lock()) return parsed;
  if (entry.text().empty()) return nullptr;
  AnyPointer value = Parse(entry.key(), entry.text());
  entry.parsed = value;
  Remember(value);
  return value;
}

void AnyTable::Remember(AnyPointer value) const {
  if (recent_.size() < kRecentMax) recent_.push_back(std::move(value));
  else recent_[next_recent_++ % kRecentMax] = std::move(value);
}

Task<Result<>> ResourceTables::Open(Context& ctx) {
  // Side by side: the store reads with threads of its own.
  TaskScope loading(*ctx.loop);
  Result<> outcome;
  for (AnyTable* table : tables_) {
    loading.Spawn([](Context& ctx, AnyTable& table, store::Store& store, Result<>& outcome) -> Task<> {
      if (auto loaded = co_await table.LoadAll(ctx, store); !loaded && outcome) outcome = std::move(loaded);
    }(ctx, *table, *store_, outcome));
  }
  co_await loading.Join();
  co_return outcome;
}

Task<Result<>> AnyTable::LoadAll(Context& ctx, store::Store& store) {
  using Rows = Result<std::vector<store::Row>>;
  const auto read = [](Context& ctx, store::Store& store, std::string table, std::string from, OneShot<Rows>& done) -> Task<> {
    done.Set(co_await store.Scan(ctx, table, "", from, kLoadPage));
  };
  TaskScope reading(*ctx.loop);
  auto next = std::make_unique<OneShot<Rows>>(*ctx.loop);
  reading.Spawn(read(ctx, store, name_, "", *next));
  for (;;) {
    MF_CO_TRY(std::vector<store::Row> rows, co_await next->Take());
    const bool last = rows.size() < kLoadPage;
    next = std::make_unique<OneShot<Rows>>(*ctx.loop);
    if (!last) reading.Spawn(read(ctx, store, name_, rows.back().key + '\0', *next));  // while these rows are taken in
    for (const store::Row& row : rows) entries_.emplace_hint(entries_.end(), row.key, row.value);
    if (last) co_return Result<>();
  }
}

void ResourceTables::Clear() {
  for (AnyTable* table : tables_) {
    const TableEntries old = std::exchange(table->entries_, {});
    for (const TableEntry& entry : old) {
      if (AnyTable::AnyPointer value = table->Load(entry)) table->Notify(std::string(entry.key()), value, nullptr);
    }
    table->recent_.clear();
    table->next_recent_ = 0;
  }
}

Change::~Change() { Unlock(); }

void Change::Unlock() {
  for (const Step& step : steps_) {
    const auto found = step.table->entries_.find(step.key);
    if (found == step.table->entries_.end()) continue;  // cleared meanwhile
    if (found->text().empty()) step.table->entries_.erase(found);
    else found->SetChange(TableEntry::Change::None);
  }
  steps_.clear();
}

Result<> Change::CheckOwner(const AnyTable& table, const std::string& key) const {
  if (table.owner_ != BelongsTo::Function || !tables_->functions_) return {};
  const std::string_view function_key = FunctionKeyOf(key);
  const auto function = tables_->functions_->entries_.find(function_key);
  if (function == tables_->functions_->entries_.end()) {
    return Fail(Error::Service("ResourceNotFoundException", fmt::format("Function not found: {}", function_key)));
  }
  if (function->change() == TableEntry::Change::Deletion || IsQualifierLeaving(table, key, function_key.size())) return Fail(Busy(key));
  return {};
}

// Whether the version or alias that `key` hangs on is being deleted.
bool Change::IsQualifierLeaving(const AnyTable& table, std::string_view key, size_t function_key_bytes) const {
  if (key.size() <= function_key_bytes) return false;
  const std::string_view qualifier = key.substr(function_key_bytes + 1, key.find('/', function_key_bytes + 1) - function_key_bytes - 1);
  for (const AnyTable* owner : {tables_->versions_, tables_->aliases_}) {
    if (!owner || owner == &table) continue;
    // Versions' keys are padded.
    const bool padded = owner == tables_->versions_ && qualifier.size() < kVersionDigits;
    const auto found = owner->entries_.find(fmt::format("{}/{}{}", key.substr(0, function_key_bytes),
                                                        std::string(padded ? kVersionDigits - qualifier.size() : 0, '0'), qualifier));
    if (found != owner->entries_.end() && found->change() == TableEntry::Change::Deletion) return true;
  }
  return false;
}

Result<> Change::Lock(AnyTable& table, const std::string& key, const AnyTable::AnyPointer& old, TableEntry::Change change) {
  const auto found = table.entries_.find(key);
  const bool is_free = found != table.entries_.end() && found->change() == TableEntry::Change::None;
  if (!is_free || !old || found->parsed.lock() != old) return Fail(Busy(key));
  found->SetChange(change);
  return {};
}

Result<> Change::StageCreate(AnyTable& table, const std::string& key, const std::string& text, AnyTable::AnyPointer value) {
  MF_TRY_VOID(CheckOwner(table, key));
  const auto [entry, is_new] = table.entries_.emplace(key, std::string_view());
  if (!is_new) return Fail(Error::Service("ResourceConflictException", fmt::format("The resource already exists: {}", key)));
  entry->SetChange(TableEntry::Change::Replacement);
  batch_.RequireAbsent(table.name_, key).Put(table.name_, key, text);
  steps_.push_back({&table, key, nullptr, std::move(value), text});
  return {};
}

Result<> Change::StageReplace(AnyTable& table, const std::string& key, const AnyTable::AnyPointer& old, const std::string& text,
                              AnyTable::AnyPointer value) {
  MF_TRY_VOID(CheckOwner(table, key));
  MF_TRY_VOID(Lock(table, key, old, TableEntry::Change::Replacement));
  batch_.Put(table.name_, key, text);
  steps_.push_back({&table, key, old, std::move(value), text});
  return {};
}

Result<> Change::StageDelete(AnyTable& table, const std::string& key, const AnyTable::AnyPointer& old) {
  MF_TRY_VOID(Lock(table, key, old, TableEntry::Change::Deletion));
  batch_.Delete(table.name_, key);
  steps_.push_back({&table, key, old, nullptr, {}});
  return {};
}

Result<> Change::DeleteBelongings(const std::string& key) {
  const std::string below = key + '/';
  for (AnyTable* table : tables_->tables_) {
    if (table->owner_ != BelongsTo::Function) continue;
    if (const auto entry = table->entries_.find(key); entry != table->entries_.end()) MF_TRY_VOID(StageBelonging(*table, *entry));
    for (auto entry = table->entries_.lower_bound(below); entry != table->entries_.end() && entry->key().starts_with(below); ++entry) {
      MF_TRY_VOID(StageBelonging(*table, *entry));
    }
  }
  return {};
}

Result<> Change::StageBelonging(AnyTable& table, const TableEntry& entry) {
  const AnyTable::AnyPointer old = table.Load(entry);
  const std::string key(entry.key());
  if (old || entry.change() != TableEntry::Change::None) return StageDelete(table, key, old);
  batch_.Delete(table.name_, key);  // it cannot be read: remove it all the same
  return {};
}

Task<Result<>> Change::Commit(Context& ctx) {
  auto committed = co_await tables_->store_->Commit(ctx, std::move(batch_));
  if (!committed) {
    const std::string first = steps_.empty() ? std::string() : steps_.front().key;
    Unlock();
    if (committed.error().code == "PreconditionFailed") co_return Fail(Busy(first));
    co_return Fail(std::move(committed).error().Wrap("change of the catalog"));
  }
  std::vector<Step> steps = std::exchange(steps_, {});
  for (const Step& step : steps) {
    TableEntries& entries = step.table->entries_;
    auto entry = entries.find(step.key);  // none when everything was cleared meanwhile
    if (!step.new_value) {
      if (entry != entries.end()) entries.erase(entry);
      continue;
    }
    if (entry == entries.end()) entry = entries.emplace(step.key, step.text).first;
    else entry->SetText(step.text);
    entry->parsed = step.new_value;
    step.table->Remember(step.new_value);
  }
  for (const Step& step : steps) step.table->Notify(step.key, step.old_value, step.new_value);
  co_return Result<>();
}

}  // namespace mayfly::resources
