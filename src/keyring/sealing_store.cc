#include "keyring/sealing_store.h"

#include <utility>

#include <fmt/format.h>

namespace mayfly::keyring {
namespace {

// What no row or item begins with by itself: neither JSON, nor packed text, nor an item's version.
constexpr std::string_view kMark = "mf\x01sealed";

std::string ContextOfRow(std::string_view table, std::string_view key) { return fmt::format("row {} {}", table, key); }
std::string ContextOfItem(std::string_view queue) { return fmt::format("item {}", queue); }

class SealingStore final : public store::Store {
 public:
  SealingStore(store::Store& inner, const Keyring& keyring, Sealed sealed) : inner_(&inner), keyring_(&keyring), sealed_(std::move(sealed)) {}

  Task<Result<store::Committed>> Commit(Context& ctx, store::Batch batch) override {
    for (store::Batch::Step& step : batch.steps()) SealStep(step);
    return inner_->Commit(ctx, std::move(batch));
  }
  Task<Result<std::optional<store::Row>>> Get(Context& ctx, std::string_view table, std::string_view key) override;
  Task<Result<std::vector<store::Row>>> Scan(Context& ctx, std::string_view table, std::string_view prefix, std::string_view from, size_t limit) override;
  std::shared_ptr<void> Watch(std::string_view table, Listener listener) override { return inner_->Watch(table, std::move(listener)); }
  Task<Result<store::LeasedItems>> Lease(Context& ctx, std::string_view queue, store::LeaseWish wish) override;
  Task<Result<std::optional<WallTime>>> NextDue(Context& ctx, std::string_view queue) override { return inner_->NextDue(ctx, queue); }
  Task<Result<std::vector<store::LeaseOutcome>>> ChangeLeases(Context& ctx, std::string_view queue, std::vector<store::LeaseChange> changes) override {
    return inner_->ChangeLeases(ctx, queue, std::move(changes));
  }
  Task<Result<size_t>> Discard(Context& ctx, std::string_view queue, size_t count, WallTime due_before) override {
    return inner_->Discard(ctx, queue, count, due_before);
  }
  store::QueueCounts Counts(std::string_view queue) const override { return inner_->Counts(queue); }
  std::vector<std::string> QueueNames() const override { return inner_->QueueNames(); }
  Task<Result<>> Clear(Context& ctx) override { return inner_->Clear(ctx); }
  store::StoreCounters Counters() const override { return inner_->Counters(); }

 private:
  void SealStep(store::Batch::Step& step) const;
  Result<> OpenText(std::string& text, const std::string& context) const;

  store::Store* inner_;
  const Keyring* keyring_;
  const Sealed sealed_;
};

void SealingStore::SealStep(store::Batch::Step& step) const {
  using Kind = store::Batch::Step::Kind;
  if (step.kind == Kind::Put) {
    if (sealed_.tables.contains(step.name)) step.value = std::string(kMark) + keyring_->SealBytes(step.value, ContextOfRow(step.name, step.key));
    return;
  }
  const bool is_item = step.kind == Kind::Append || step.kind == Kind::AppendLeased || step.kind == Kind::AppendGrouped;
  if (is_item && sealed_.queues && sealed_.queues(step.name)) step.value = std::string(kMark) + keyring_->SealBytes(step.value, ContextOfItem(step.name));
}

Result<> SealingStore::OpenText(std::string& text, const std::string& context) const {
  if (!text.starts_with(kMark)) return {};
  MF_TRY(text, keyring_->OpenBytes(std::string_view(text).substr(kMark.size()), context));
  return {};
}

Task<Result<std::optional<store::Row>>> SealingStore::Get(Context& ctx, std::string_view table, std::string_view key) {
  const std::string name(table);
  MF_CO_TRY(std::optional<store::Row> row, co_await inner_->Get(ctx, table, key));
  if (row) MF_CO_TRY_VOID(OpenText(row->value, ContextOfRow(name, row->key)));
  co_return row;
}

Task<Result<std::vector<store::Row>>> SealingStore::Scan(Context& ctx, std::string_view table, std::string_view prefix, std::string_view from, size_t limit) {
  const std::string name(table);
  MF_CO_TRY(std::vector<store::Row> rows, co_await inner_->Scan(ctx, table, prefix, from, limit));
  for (store::Row& row : rows) MF_CO_TRY_VOID(OpenText(row.value, ContextOfRow(name, row.key)));
  co_return rows;
}

Task<Result<store::LeasedItems>> SealingStore::Lease(Context& ctx, std::string_view queue, store::LeaseWish wish) {
  const std::string context = ContextOfItem(queue);
  MF_CO_TRY(store::LeasedItems leased, co_await inner_->Lease(ctx, queue, std::move(wish)));
  for (store::QueueItem& item : leased.items) MF_CO_TRY_VOID(OpenText(item.payload, context));
  co_return leased;
}

}  // namespace

std::unique_ptr<store::Store> SealParts(store::Store& inner, const Keyring& keyring, Sealed sealed) {
  return std::make_unique<SealingStore>(inner, keyring, std::move(sealed));
}

}  // namespace mayfly::keyring
