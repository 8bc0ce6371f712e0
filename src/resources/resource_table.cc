#include "resources/resource_table.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/event.h"

namespace mayfly::resources {
namespace {

constexpr size_t kLoadPage = 4000;
constexpr Duration kReadAgainAfter = std::chrono::seconds(1);  // a fault of the store

}  // namespace

Error RowErrors::Missing(std::string_view key) {
  return Error::Service("ResourceNotFoundException", fmt::format("The resource does not exist: {}", key));
}

Error RowErrors::Exists(std::string_view key) {
  return Error::Service("ResourceConflictException", fmt::format("The resource already exists: {}", key));
}

Error RowErrors::Busy(std::string_view key) {
  return Error::Service("ResourceConflictException",
                        fmt::format("The operation cannot be performed at this time. An update is in progress for resource: {}", key));
}

AnyTable::AnyTable(ResourceTables& tables, std::string name, TableRules rules) : name_(std::move(name)), tables_(&tables), rules_(std::move(rules)) {
  MF_ASSERT(!tables.loop_);  // Open has not been called
  for (const Owner& owner : rules_.owners) {
    MF_ASSERT(owner.table && owner.table != this && owner.table->tables_ == tables_ && owner.key_of && owner.root_of);
    // Who goes with an owner goes with whatever that one goes with.
    for (const Owner& above : owner.table->rules_.owners) {
      MF_ASSERT(std::ranges::any_of(rules_.owners, [&](const Owner& own) { return own.table == above.table; }));
    }
  }
  tables.tables_.push_back(this);
}

// --- reading -------------------------------------------------------------------------------------------------------------

Result<json::Value> AnyTable::ParseText(std::string_view text) {
  MF_TRY(const std::string json, UnpackText(text));
  return json::Parse(json);
}

AnyTable::AnyPointer AnyTable::FindAny(std::string_view key) const {
  strand_.Check();
  if (AnyPointer parsed = parsed_.Find(key)) return parsed;
  const auto found = entries_.find(key);
  return found == entries_.end() ? nullptr : Load(*found);
}

AnyTable::AnyPointer AnyTable::Load(const TableEntry& entry) const {
  if (AnyPointer parsed = parsed_.Find(entry.key())) return parsed;
  if (entry.text().empty()) return nullptr;
  AnyPointer value = Parse(entry.key(), entry.text());
  if (value) parsed_.Put(entry.key(), value);
  return value;
}

void AnyTable::Set(const std::string& key, std::string_view text, int64_t version, AnyPointer value) {
  parsed_.Forget(key);
  const auto entry = entries_.find(key);
  if (version == 0) {
    if (entry != entries_.end()) entries_.erase(entry);
    return;
  }
  if (entry == entries_.end()) {
    entries_.emplace(key, text, version);
  } else {
    MF_ASSERT(entry->version() < version);
    Mutable(entries_, entry).Set(text, version);
  }
  if (value) parsed_.Put(key, std::move(value));
}

// --- waiting -------------------------------------------------------------------------------------------------------------

bool AnyTable::IsBusy(std::string_view key) const {
  const auto entry = entries_.find(key);
  return entry != entries_.end() && entry->change() != TableEntry::Change::None;
}

bool AnyTable::IsFree(std::string_view key) const {
  strand_.Check();
  return !IsBusy(key) && !news_.contains(key);
}

Task<Result<>> AnyTable::WaitUntilFree(Context& ctx, std::string key) {
  while (!IsFree(key)) MF_CO_TRY_VOID(co_await waits_.Wait(ctx, key));
  co_return Result<>();
}

Task<Result<RowWaits::Turn>> AnyTable::TakeTurn(Context& ctx, std::string key) {
  strand_.Check();
  auto turn = co_await waits_.TakeTurn(ctx, key);
  if (!turn && turn.error().kind == Error::Kind::Fault) co_return Fail(rules_.errors.busy(key));
  co_return std::move(turn);
}

// --- following the store -------------------------------------------------------------------------------------------------

void AnyTable::Follow(store::Store& store) {
  watch_ = store.Watch(name_, [this](const store::RowChanges& changes) { OnCommit(changes); });
}

void AnyTable::OnCommit(const store::RowChanges& changes) {
  if (changes.keys.empty()) return Clear(changes.version);
  for (const std::string& key : changes.keys) Hear(key, changes.version);
}

// Also of what this daemon commits: that comes before the Change goes on, and is forgotten by EndChange.
void AnyTable::Hear(const std::string& key, int64_t version) {
  const auto entry = entries_.find(key);
  if (entry != entries_.end() && entry->version() >= version) return;
  const auto [heard, is_new] = news_.try_emplace(key, version);
  heard->second = std::max(heard->second, version);
  if (is_new && !IsBusy(key)) tables_->ReadAgain(*this, key);
}

void AnyTable::Doubt(const std::string& key) {
  if (!watch_) return;
  const auto entry = entries_.find(key);
  Hear(key, entry == entries_.end() ? 1 : entry->version() + 1);
}

void AnyTable::EndChange(const std::string& key, int64_t version) {
  if (const auto heard = news_.find(key); heard != news_.end()) {
    if (heard->second <= version) news_.erase(heard);
    else tables_->ReadAgain(*this, key);
  }
  waits_.Pulse(key);
}

std::optional<AnyTable::Renewal> AnyTable::Renew(const std::string& key, int64_t heard, const std::optional<store::Row>& row) {
  const auto news = news_.find(key);
  if (news == news_.end()) return std::nullopt;  // cleared
  if (news->second != heard) {
    tables_->ReadAgain(*this, key);
    return std::nullopt;
  }
  MF_ASSERT(!IsBusy(key));  // no change begins while there is news
  news_.erase(news);
  waits_.Pulse(key);
  const auto entry = entries_.find(key);
  const int64_t seen = entry == entries_.end() ? 0 : entry->version();
  const int64_t version = row ? row->version : 0;
  if (version == seen) return std::nullopt;
  Renewal renewal{.key = key, .old_value = FindAny(key), .new_value = nullptr};
  Set(key, row ? std::string_view(row->value) : std::string_view(), version, nullptr);
  renewal.new_value = FindAny(key);
  return renewal;
}

void AnyTable::Clear(int64_t version) {
  cleared_at_ = version;
  news_.clear();
  const TableEntries old = std::exchange(entries_, {});
  for (const TableEntry& entry : old) {
    if (AnyPointer value = Load(entry)) Notify(std::string(entry.key()), value, nullptr);
  }
  parsed_.Clear();
  for (const TableEntry& entry : old) waits_.Pulse(entry.key());
}

// --- all tables ----------------------------------------------------------------------------------------------------------

Task<Result<>> ResourceTables::Open(Context& ctx) {
  MF_ASSERT(!loop_);
  loop_ = ctx.loop;
  heard_.emplace(*loop_);
  reading_.emplace(*loop_);
  // Before they are read, so that no commit is missed.
  for (AnyTable* table : tables_) table->Follow(*store_);
  // Side by side: the store reads with threads of its own.
  TaskScope loading(*ctx.loop);
  Result<> outcome;
  for (AnyTable* table : tables_) {
    loading.Spawn([](Context& ctx, AnyTable& table, store::Store& store, Result<>& outcome) -> Task<> {
      if (auto loaded = co_await table.LoadAll(ctx, store); !loaded && outcome) outcome = std::move(loaded);
    }(ctx, *table, *store_, outcome));
  }
  co_await loading.Join();
  reading_->Spawn(ReadForEver());
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
    for (const store::Row& row : rows) entries_.emplace_hint(entries_.end(), row.key, row.value, row.version);
    if (last) co_return Result<>();
  }
}

void ResourceTables::ReadAgain(AnyTable& table, std::string key) {
  stale_.push_back({&table, std::move(key)});
  heard_->Set();
}

Task<> ResourceTables::ReadForEver() {
  Context ctx(*loop_);
  ctx.stop = reading_->stop_token();
  for (;;) {
    co_await heard_->Wait();
    heard_->Reset();
    co_await ReadRows(ctx, std::exchange(stale_, {}));
  }
}

Task<> ResourceTables::ReadRows(Context& ctx, std::vector<Stale> rows) {
  struct Reading {
    Stale stale;
    int64_t heard;
    std::optional<store::Row> row;
  };
  std::vector<Reading> readings;
  for (Stale& stale : rows) {
    const auto news = stale.table->news_.find(stale.key);
    if (news == stale.table->news_.end()) continue;
    const int64_t heard = news->second;
    auto row = co_await store_->Get(ctx, stale.table->name_, stale.key);
    if (row) {
      readings.push_back({std::move(stale), heard, std::move(*row)});
      continue;
    }
    log::Warning("row {} of table {}, which somebody has changed: {}", stale.key, stale.table->name_, row.error().ToString());
    ReadAgain(*stale.table, std::move(stale.key));
    (void)co_await Sleep(ctx, kReadAgainAfter);
  }
  std::vector<std::pair<AnyTable*, AnyTable::Renewal>> renewals;
  for (const Reading& reading : readings) {
    AnyTable* table = reading.stale.table;
    if (auto renewal = table->Renew(reading.stale.key, reading.heard, reading.row)) renewals.emplace_back(table, std::move(*renewal));
  }
  for (const auto& [table, renewal] : renewals) table->Notify(renewal.key, renewal.old_value, renewal.new_value);
}

}  // namespace mayfly::resources
