#include "services/events/archived_events.h"

#include <fmt/format.h>

#include <set>

#include "base/text.h"

namespace mayfly::events {
namespace {

constexpr std::string_view kEventsTable = "archived_events";
constexpr std::string_view kCountsTable = "archive_counts";
constexpr size_t kSweepCount = 500;
constexpr size_t kTimeDigits = 15;

std::string TimeText(int64_t millis) { return fmt::format("{:0{}}", std::max<int64_t>(0, millis), kTimeDigits); }
std::string PrefixOf(const std::string& archive) { return archive + '/'; }

std::optional<int64_t> TimeIn(std::string_view key, size_t prefix) { return ParseNumber<int64_t>(key.substr(prefix, kTimeDigits)); }

}  // namespace

Task<Result<>> ArchivedEvents::Open(Context& ctx) {
  constexpr size_t kPage = 1000;
  std::string from;
  for (;;) {
    MF_CO_TRY(const auto rows, co_await store_->Scan(ctx, kCountsTable, "", from, kPage));
    for (const store::Row& row : rows) {
      const auto parts = Split(row.value, ' ');
      if (parts.size() == 2) counts_[row.key] = {ParseNumber<int64_t>(parts[0]).value_or(0), ParseNumber<int64_t>(parts[1]).value_or(0)};
    }
    if (rows.size() < kPage) co_return Result<>();
    from = rows.back().key + ' ';
  }
}

void ArchivedEvents::StageCounts(store::Batch& batch, const std::string& archive) const {
  const ArchiveCounts counts = CountsOf(archive);
  batch.Put(kCountsTable, archive, fmt::format("{} {}", counts.events, counts.bytes));
}

Task<Result<>> ArchivedEvents::Append(Context& ctx, std::vector<New> events) {
  store::Batch batch;
  std::map<std::string, ArchiveCounts> added;
  for (const New& event : events) {
    ArchiveCounts& more = added[event.archive];
    ++more.events;
    more.bytes += static_cast<int64_t>(event.envelope.size());
    const std::string key = PrefixOf(event.archive) + TimeText(event.time_millis) + '/' + event.id;
    batch.RequireAbsent(kEventsTable, key);
    batch.Put(kEventsTable, key, event.envelope);
  }
  for (const auto& [archive, more] : added) {
    counts_[archive].events += more.events;
    counts_[archive].bytes += more.bytes;
    StageCounts(batch, archive);
  }
  const auto committed = co_await store_->Commit(ctx, std::move(batch));
  if (committed) co_return Result<>();
  for (const auto& [archive, more] : added) {
    counts_[archive].events -= more.events;
    counts_[archive].bytes -= more.bytes;
  }
  if (committed.error().code != "PreconditionFailed") co_return Fail(committed.error());
  // Some have come before, by a delivery that is repeated: they are there already.
  if (events.size() == 1) co_return Result<>();
  for (New& event : events) {
    std::vector<New> one;
    one.push_back(std::move(event));
    MF_CO_TRY_VOID(co_await Append(ctx, std::move(one)));
  }
  co_return Result<>();
}

ArchiveCounts ArchivedEvents::CountsOf(const std::string& archive) const {
  const auto found = counts_.find(archive);
  return found == counts_.end() ? ArchiveCounts() : found->second;
}

bool ArchivedEvents::IsBeyondBounds(const std::string& archive) const {
  const ArchiveCounts counts = CountsOf(archive);
  return counts.events > kArchiveEventsMax || counts.bytes > kArchiveBytesMax;
}

Task<Result<std::vector<StoredEvent>>> ArchivedEvents::Read(Context& ctx, const std::string& archive, const std::string& position, int64_t from_millis,
                                                            int64_t to_millis, size_t limit) {
  const std::string prefix = PrefixOf(archive);
  const std::string from = prefix + (position.empty() ? TimeText(from_millis) : position + ' ');
  MF_CO_TRY(auto rows, co_await store_->Scan(ctx, kEventsTable, prefix, from, limit));
  std::vector<StoredEvent> events;
  for (store::Row& row : rows) {
    const auto time = TimeIn(row.key, prefix.size());
    if (!time || *time > to_millis) break;
    events.push_back({row.key.substr(prefix.size()), *time, std::move(row.value)});
  }
  co_return events;
}

Task<Result<std::optional<int64_t>>> ArchivedEvents::Sweep(Context& ctx, const std::string& archive, int64_t before_millis) {
  const std::string prefix = PrefixOf(archive);
  MF_CO_TRY(const auto rows, co_await store_->Scan(ctx, kEventsTable, prefix, prefix, kSweepCount));
  store::Batch batch;
  ArchiveCounts& counts = counts_[archive];
  std::optional<int64_t> oldest;
  size_t taken = 0;
  for (const store::Row& row : rows) {
    const int64_t time = TimeIn(row.key, prefix.size()).value_or(0);
    if (time >= before_millis && !IsBeyondBounds(archive)) {
      oldest = time;
      break;
    }
    batch.Delete(kEventsTable, row.key);
    --counts.events;
    counts.bytes -= static_cast<int64_t>(row.value.size());
    ++taken;
  }
  if (taken == 0) co_return oldest;
  if (!oldest && taken == kSweepCount) oldest = before_millis - 1;  // there may be more
  StageCounts(batch, archive);
  MF_CO_TRY_VOID(co_await store_->Commit(ctx, std::move(batch)));
  co_return oldest;
}

Task<Result<>> ArchivedEvents::Drop(Context& ctx, const std::string& archive) {
  counts_.erase(archive);
  store::Batch batch;
  batch.DeleteUnder(kEventsTable, archive);
  batch.Delete(kCountsTable, archive);
  MF_CO_TRY_VOID(co_await store_->Commit(ctx, std::move(batch)));
  co_return Result<>();
}

}  // namespace mayfly::events
