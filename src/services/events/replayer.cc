#include "services/events/replayer.h"

#include "base/event.h"
#include "base/log.h"
#include "resources/edit.h"

namespace mayfly::events {
namespace {

constexpr size_t kStepCount = 50;
constexpr Duration kRestAfterFault = std::chrono::seconds(1);

// The event that an envelope is of.
std::optional<Event> EventIn(const StoredEvent& stored) {
  auto envelope = json::Parse(stored.envelope);
  if (!envelope || !envelope->is_object()) return std::nullopt;
  Event event{.id = std::string(envelope->StringOr("id", "")), .source = std::string(envelope->StringOr("source", "")),
              .detail_type = std::string(envelope->StringOr("detail-type", "")), .account_id = std::string(envelope->StringOr("account", "")),
              .region = std::string(envelope->StringOr("region", "")), .time = WallTime(std::chrono::milliseconds(stored.time_millis))};
  const json::Value* resources = envelope->Find("resources");
  for (const json::Value& resource : resources && resources->is_array() ? resources->array() : json::Array()) {
    if (resource.is_string()) event.resources.push_back(resource.string());
  }
  if (json::Value* detail = envelope->Find("detail")) event.detail = std::move(*detail);
  return event;
}

}  // namespace

void Replayer::Start() {
  for (const auto& row : tables_->replays.List("", "", SIZE_MAX)) {
    if (!row.value->has_ended()) Run(row.key);
  }
}

Task<> Replayer::Stop() {
  tasks_.Stop();
  co_await tasks_.Join();
}

Task<> Replayer::Work(std::string key) {
  Context ctx(*calendar_);
  ctx.stop = tasks_.stop_token();
  while (!ctx.stop.stop_requested()) {
    const auto replay = tables_->replays.Find(key);
    if (!replay || replay->has_ended()) co_return;
    if (replay->state == "CANCELLING") co_return co_await End(ctx, key, "CANCELLED", "");
    const auto archive = ParseNamedArn(replay->archive_arn, kArchiveKind);
    if (!archive || !tables_->archives.Find(archive->name.Key())) co_return co_await End(ctx, key, "FAILED", "The archive does not exist any more.");
    const auto more = co_await Step(ctx, key, *replay);
    if (!more && !ctx.stop.stop_requested()) {
      log::Error("replay {} rests: {}", key, more.error().ToString());
      if (!co_await Sleep(ctx, kRestAfterFault)) co_return;
    } else if (more && !*more) {
      co_return co_await End(ctx, key, "COMPLETED", "");
    }
  }
}

Task<Result<bool>> Replayer::Step(Context& ctx, const std::string& key, const ReplayRow& replay) {
  const auto archive = ParseNamedArn(replay.archive_arn, kArchiveKind);
  const auto bus = ParseBusArn(replay.bus_arn);
  MF_ASSERT(archive && bus);  // StartReplay has looked at them
  MF_CO_TRY(const auto stored, co_await events_->Read(ctx, archive->name.Key(), replay.position, replay.from_millis, replay.to_millis, kStepCount));
  if (stored.empty()) co_return false;
  std::vector<Event> events;
  for (const StoredEvent& one : stored) {
    if (auto event = EventIn(one)) events.push_back(std::move(*event));
  }
  MF_CO_TRY_VOID(co_await publisher_->PublishReplayed(ctx, {.bus = *bus, .replay = replay.name.name, .rule_arns = replay.filter_arns}, std::move(events)));
  MF_CO_TRY_VOID(co_await resources::Edit(ctx, tables_->replays, key, [&](ReplayRow& row) -> Result<> {
    if (row.state == "STARTING") row.state = "RUNNING";
    row.position = stored.back().position;
    row.last_replayed_millis = stored.back().time_millis;
    return {};
  }));
  co_return true;
}

Task<> Replayer::End(Context& ctx, const std::string& key, std::string state, std::string reason) {
  const auto ended = co_await resources::Edit(ctx, tables_->replays, key, [&](ReplayRow& row) -> Result<> {
    row.state = row.state == "CANCELLING" ? "CANCELLED" : state;
    row.reason = reason;
    row.ended_millis = ToEpochMillis(calendar_->WallNow());
    return {};
  });
  if (!ended) log::Error("the end of replay {} is not noted: {}", key, ended.error().ToString());
}

}  // namespace mayfly::events
