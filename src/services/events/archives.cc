#include "services/events/archives.h"

#include <set>

#include "base/log.h"
#include "services/events/rule_patterns.h"

namespace mayfly::events {
namespace {

constexpr std::chrono::days kDay{1};

WallTime OfMillis(int64_t millis) { return WallTime(std::chrono::milliseconds(millis)); }

}  // namespace

Archives::Archives(Loop& calendar, ArchiveTables& tables, ArchivedEvents& events)
    : calendar_(&calendar), tables_(&tables), events_(&events), sweeps_(calendar, [this](const std::string& archive, WallTime) { tasks_.Spawn(Sweep(archive)); }),
      tasks_(calendar) {
  tables.archives.OnChange([this](const std::string& key, const auto& old_row, const auto& row) { Follow(key, old_row.get(), row.get()); });
}

Task<Result<>> Archives::Open(Context& ctx) {
  MF_CO_TRY_VOID(co_await events_->Open(ctx));
  for (const auto& row : tables_->archives.List("", "", SIZE_MAX)) Follow(row.key, nullptr, row.value.get());
  co_return Result<>();
}

void Archives::Start() {
  sweeps_.Start();
  for (const auto& row : tables_->archives.List("", "", SIZE_MAX)) sweeps_.Plan(row.key, calendar_->WallNow());
}

Task<> Archives::Stop() {
  sweeps_.Stop();
  tasks_.Stop();
  co_await tasks_.Join();
}

void Archives::Follow(const std::string& key, const ArchiveRow* old_row, const ArchiveRow* row) {
  for (auto keepers = of_bus_.begin(); keepers != of_bus_.end();) {
    std::erase_if(keepers->second, [&](const Keeper& keeper) { return keeper.archive == key; });
    keepers = keepers->second.empty() ? of_bus_.erase(keepers) : std::next(keepers);
  }
  if (!row) {
    sweeps_.Forget(key);
    if (old_row) tasks_.Spawn(Drop(key));
    return;
  }
  const auto bus = ParseBusArn(row->bus_arn);
  if (!bus) return;
  Keeper keeper{.archive = key, .pattern = std::nullopt};
  if (!row->pattern.empty()) {
    auto compiled = patterns::EventPattern::Compile(row->pattern, kEventDialect);
    if (!compiled) return log::Error("the pattern of archive {} cannot be read: {}", row->name.name, compiled.error().ToString());
    keeper.pattern = std::move(*compiled);
  }
  of_bus_[bus->Key()].push_back(std::move(keeper));
  if (old_row) sweeps_.Plan(key, calendar_->WallNow());
}

void Archives::Choose(const BusName& bus, const Event& event, const json::Value& envelope, std::vector<ArchivedEvents::New>& chosen) const {
  const auto keepers = of_bus_.find(bus.Key());
  if (keepers == of_bus_.end()) return;
  std::string text;
  for (const Keeper& keeper : keepers->second) {
    if (keeper.pattern && !keeper.pattern->Matches(envelope)) continue;
    if (text.empty()) text = json::Write(envelope);
    chosen.push_back({.archive = keeper.archive, .time_millis = ToEpochMillis(event.time), .id = event.id, .envelope = text});
  }
}

Task<Result<>> Archives::Keep(Context& ctx, std::vector<ArchivedEvents::New> chosen) {
  std::map<std::string, int64_t> oldest;  // of archives that were empty; others are planned already
  std::set<std::string> all;
  for (const auto& one : chosen) {
    all.insert(one.archive);
    if (events_->CountsOf(one.archive).events > 0) continue;
    const auto [place, is_new] = oldest.emplace(one.archive, one.time_millis);
    place->second = std::min(place->second, one.time_millis);
  }
  MF_CO_TRY_VOID(co_await events_->Append(ctx, std::move(chosen)));
  for (const auto& [archive, millis] : oldest) PlanSweep(archive, millis);
  for (const std::string& archive : all) {
    if (events_->IsBeyondBounds(archive)) sweeps_.Plan(archive, calendar_->WallNow());
  }
  co_return Result<>();
}

void Archives::PlanSweep(const std::string& archive, int64_t oldest_millis) {
  const auto row = tables_->archives.Find(archive);
  if (row && row->retention_days > 0) sweeps_.Plan(archive, OfMillis(oldest_millis) + row->retention_days * kDay + std::chrono::seconds(1));
}

Task<> Archives::Sweep(std::string archive) {
  Context ctx(*calendar_);
  ctx.stop = tasks_.stop_token();
  for (;;) {
    const auto row = tables_->archives.Find(archive);
    if (!row) co_return;
    const bool has_end = row->retention_days > 0;
    const int64_t before = has_end ? ToEpochMillis(calendar_->WallNow() - row->retention_days * kDay) : 0;
    const auto oldest = co_await events_->Sweep(ctx, archive, before);
    if (!oldest) co_return log::Error("archive {} is not swept: {}", archive, oldest.error().ToString());
    const bool has_more = *oldest && (**oldest < before || events_->IsBeyondBounds(archive));
    if (has_more && !ctx.stop.stop_requested()) continue;
    if (*oldest) PlanSweep(archive, **oldest);
    co_return;
  }
}

Task<> Archives::Drop(std::string archive) {
  Context ctx(*calendar_);
  const auto dropped = co_await events_->Drop(ctx, archive);
  if (!dropped) log::Error("the events of archive {} stay: {}", archive, dropped.error().ToString());
}

}  // namespace mayfly::events
