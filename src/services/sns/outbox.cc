#include "services/sns/outbox.h"

#include <fmt/format.h>

#include "base/text.h"

namespace mayfly::sns {

static void VisitMembers(resources::Is<OutboxMessage> auto& message, auto&& visit) {
  visit("id", message.id);
  visit("account", message.account_id);
  visit("region", message.region);
  visit("protocol", message.protocol);
  visit("endpoint", message.endpoint);
  visit("topicArn", message.topic_arn);
  visit("subscriptionArn", message.subscription_arn);
  visit("type", message.type);
  visit("subject", message.subject);
  visit("body", message.body);
  visit("sentMillis", message.sent_millis);
}

namespace {

constexpr std::string_view kOutboxTable = "sns-outbox";
constexpr size_t kOutboxRowsAtOnce = 20;

std::string KeyOf(int64_t number) { return fmt::format("{:019}", number); }

}  // namespace

Task<Result<>> Outbox::Open(Context& ctx) {
  for (std::string from;;) {
    MF_CO_TRY(const auto rows, co_await store_->Scan(ctx, kOutboxTable, "", from, kOutboxRowsAtOnce));
    for (const store::Row& row : rows) {
      if (row.key == from) continue;
      const auto document = json::Parse(row.value);
      kept_.push_back({row.key, document ? std::string(document->StringOr("id", "")) : std::string()});
      ids_.insert(kept_.back().id);
      last_number_ = ParseNumber<int64_t>(row.key).value_or(last_number_);
    }
    if (rows.size() < kOutboxRowsAtOnce) co_return Result<>();
    from = rows.back().key;
  }
}

Task<Result<>> Outbox::Add(Context& ctx, OutboxMessage message) {
  if (ids_.contains(message.id)) co_return Result<>();
  message.sent_millis = ToEpochMillis(clock_->WallNow());
  const Kept added{KeyOf(++last_number_), message.id};
  store::Batch batch;
  batch.Put(kOutboxTable, added.key, json::Write(resources::WriteMembers(message)));
  while (kept_.size() >= kOutboxMax) {
    batch.Delete(kOutboxTable, kept_.front().key);
    ids_.erase(kept_.front().id);
    kept_.pop_front();
  }
  auto committed = co_await store_->Commit(ctx, std::move(batch));
  if (!committed) {
    Error error = std::move(committed).error();
    error.retryable = true;
    co_return Fail(std::move(error));
  }
  kept_.push_back(added);
  ids_.insert(added.id);
  co_return Result<>();
}

Task<Result<>> Outbox::Keep(Context& ctx, delivery::OutgoingMessage message) {
  OutboxMessage kept{.id = std::move(message.id), .account_id = std::move(message.account_id), .region = std::move(message.region),
                     .protocol = std::move(message.protocol), .endpoint = std::move(message.endpoint), .type = std::move(message.type),
                     .subject = std::move(message.subject), .body = std::move(message.body)};
  co_return co_await Add(ctx, std::move(kept));
}

Task<Result<std::string>> Outbox::Write(Context& ctx, std::string account_id, size_t limit) {
  std::vector<std::string> keys;
  for (auto kept = kept_.rbegin(); kept != kept_.rend(); ++kept) keys.push_back(kept->key);
  std::string out = R"({"messages":[)";
  size_t written = 0;
  for (const std::string& key : keys) {
    if (written >= limit) break;
    MF_CO_TRY(const auto row, co_await store_->Get(ctx, kOutboxTable, key));
    if (!row) continue;
    const auto document = json::Parse(row->value);
    if (!document || (!account_id.empty() && document->StringOr("account", "") != account_id)) continue;
    if (written++ > 0) out += ',';
    out += row->value;
  }
  out += "]}\n";
  co_return out;
}

void Outbox::Clear() {
  kept_.clear();
  ids_.clear();
}

}  // namespace mayfly::sns
