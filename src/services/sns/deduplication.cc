#include "services/sns/deduplication.h"

#include <fmt/format.h>

#include "base/text.h"

namespace mayfly::sns {
namespace {

constexpr std::string_view kPublishedTable = "sns-published";
constexpr int64_t kKnownMillis = 5 * 60 * 1000;
constexpr size_t kReadAtOnce = 1'000;
constexpr size_t kForgottenAtOnce = 10;

}  // namespace

// A row: when it expires, and the message's id. Its number is the row's version.
Task<Result<>> Deduplication::Open(Context& ctx) {
  for (std::string from;;) {
    MF_CO_TRY(const auto rows, co_await store_->Scan(ctx, kPublishedTable, "", from, kReadAtOnce));
    for (const store::Row& row : rows) {
      if (row.key == from) continue;
      const auto parts = Split(row.value, ' ');
      if (parts.size() != 2) continue;
      known_[row.key] = {.message = {.message_id = std::string(parts[1]), .number = row.version},
                         .until_millis = ParseNumber<int64_t>(parts[0]).value_or(0)};
      order_.push_back(row.key);
    }
    if (rows.size() < kReadAtOnce) co_return Result<>();
    from = rows.back().key;
  }
}

Task<Result<Deduplication::Message>> Deduplication::Take(Context& ctx, std::string key, std::string message_id) {
  const auto found = known_.find(key);
  if (found != known_.end() && found->second.until_millis > NowMillis()) co_return found->second.message;
  const int64_t until = NowMillis() + kKnownMillis;
  store::Batch batch;
  Forget(batch);
  batch.Put(kPublishedTable, key, fmt::format("{} {}", until, message_id));
  MF_CO_TRY(const auto committed, co_await store_->Commit(ctx, std::move(batch)));
  // Somebody may have been faster with the same key.
  const auto [kept, is_new] = known_.try_emplace(key, Known{.message = {.message_id = message_id, .number = committed.version}, .until_millis = until});
  if (!is_new && kept->second.until_millis > NowMillis()) co_return kept->second.message;
  kept->second = {.message = {.message_id = std::move(message_id), .number = committed.version}, .until_millis = until};
  order_.push_back(std::move(key));
  co_return kept->second.message;
}

void Deduplication::MarkOwed(const std::string& key) {
  if (const auto found = known_.find(key); found != known_.end()) found->second.message.is_repeated = true;
}

void Deduplication::Forget(store::Batch& batch) {
  for (size_t i = 0; i < kForgottenAtOnce && !order_.empty(); ++i) {
    const auto oldest = known_.find(order_.front());
    const bool goes = oldest == known_.end() || oldest->second.until_millis <= NowMillis() || known_.size() >= kPublishedMax;
    if (!goes) return;
    if (oldest != known_.end()) {
      batch.Delete(kPublishedTable, oldest->first);
      known_.erase(oldest);
    }
    order_.pop_front();
  }
}

void Deduplication::Clear() {
  known_.clear();
  order_.clear();
}

}  // namespace mayfly::sns
