#include "services/events/archives_api.h"

#include <fmt/format.h>

#include <algorithm>

#include "resources/edit.h"
#include "services/events/events_api.h"
#include "services/events/rule_patterns.h"

namespace mayfly::events {
namespace {

constexpr std::chrono::days kReplayRecordKept{90};

std::optional<std::string> TextIfAny(const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); }
std::optional<WallTime> TimeIfAny(int64_t millis) { return millis == 0 ? std::nullopt : std::optional(WallTime(std::chrono::milliseconds(millis))); }

Error InvalidOf(std::string_view parameter, std::string_view reason) { return Invalid(fmt::format("Parameter {} is not valid. Reason: {}", parameter, reason)); }

Result<> CheckPattern(const std::optional<std::string>& pattern) {
  if (!pattern || pattern->empty()) return {};
  MF_TRY_VOID(patterns::EventPattern::Compile(*pattern, kEventDialect));
  return {};
}

template <typename Response>
Response ArchiveAnswer(const ArchiveRow& row) {
  Response response;
  response.archive_arn = row.name.Arn(kArchiveKind);
  response.state = "ENABLED";
  response.creation_time = TimeIfAny(row.created_millis);
  return response;
}

}  // namespace

Task<Result<CreateArchiveResponse>> ArchivesApi::CreateArchive(Context& ctx, CreateArchiveRequest request) {
  const auto bus = ParseBusArn(request.event_source_arn);
  if (!bus) co_return Fail(InvalidOf("EventSourceArn", "Provided Arn is not in correct format."));
  const bool is_own = bus->account_id == ctx.principal.account_id && bus->region == ctx.principal.region;
  if (!is_own) co_return Fail(InvalidOf("EventSourceArn", "Provided Arn is of another account or region."));
  if (!buses_->Has(*bus)) co_return Fail(NoBus(bus->name));
  MF_CO_TRY_VOID(CheckPattern(request.event_pattern));
  const ArchiveRow row{.name = NameOf(ctx, request.archive_name), .bus_arn = request.event_source_arn, .pattern = request.event_pattern.value_or(""),
                       .description = request.description.value_or(""), .kms_key_id = request.kms_key_identifier.value_or(""),
                       .retention_days = request.retention_days.value_or(0), .created_millis = NowMillis()};
  const std::string key = row.name.Key();
  const auto stage = [&](resources::Change& change, const auto&) -> Result<> {
    if (tables_->archives.List(row.name.Place(), "", kArchivesMax).size() >= kArchivesMax) return Fail(LimitExceeded());
    return change.Create(tables_->archives, key, row);
  };
  MF_CO_TRY_VOID(co_await resources::EditWith(ctx, tables_->archives, key, stage));
  co_return ArchiveAnswer<CreateArchiveResponse>(row);
}

Task<Result<UpdateArchiveResponse>> ArchivesApi::UpdateArchive(Context& ctx, UpdateArchiveRequest request) {
  MF_CO_TRY_VOID(CheckPattern(request.event_pattern));
  ArchiveRow updated;
  MF_CO_TRY_VOID(co_await resources::Edit(ctx, tables_->archives, NameOf(ctx, request.archive_name).Key(), [&](ArchiveRow& row) -> Result<> {
    row.pattern = request.event_pattern.value_or(row.pattern);
    row.description = request.description.value_or(row.description);
    row.retention_days = request.retention_days.value_or(row.retention_days);
    row.kms_key_id = request.kms_key_identifier.value_or(row.kms_key_id);
    updated = row;
    return {};
  }));
  co_return ArchiveAnswer<UpdateArchiveResponse>(updated);
}

Task<Result<DeleteArchiveResponse>> ArchivesApi::DeleteArchive(Context& ctx, DeleteArchiveRequest request) {
  MF_CO_TRY_VOID(co_await resources::Remove(ctx, tables_->archives, NameOf(ctx, std::move(request.archive_name)).Key()));
  co_return DeleteArchiveResponse();
}

Task<Result<DescribeArchiveResponse>> ArchivesApi::DescribeArchive(Context& ctx, DescribeArchiveRequest request) {
  MF_CO_TRY(const auto row, tables_->archives.Get(NameOf(ctx, std::move(request.archive_name)).Key()));
  const ArchiveCounts counts = archives_->events().CountsOf(row->name.Key());
  auto response = ArchiveAnswer<DescribeArchiveResponse>(*row);
  response.archive_name = row->name.name;
  response.event_source_arn = row->bus_arn;
  response.description = TextIfAny(row->description);
  response.event_pattern = TextIfAny(row->pattern);
  response.kms_key_identifier = TextIfAny(row->kms_key_id);
  response.retention_days = row->retention_days;
  response.size_bytes = counts.bytes;
  response.event_count = counts.events;
  co_return response;
}

Task<Result<ListArchivesResponse>> ArchivesApi::ListArchives(Context& ctx, ListArchivesRequest request) {
  const std::string prefix = NameOf(ctx, request.name_prefix.value_or("")).Key();
  MF_CO_TRY(auto page, resources::NextPageIf(tables_->archives, PageOf(prefix, request.limit, request.next_token), [&](const auto& row) {
    return (!request.event_source_arn || row.value->bus_arn == *request.event_source_arn) && (!request.state || *request.state == "ENABLED");
  }));
  ListArchivesResponse response{.archives = std::vector<Archive>(), .next_token = std::move(page.next_marker)};
  for (const auto& row : page.rows) {
    const ArchiveCounts counts = archives_->events().CountsOf(row.key);
    response.archives->push_back({.archive_name = row.value->name.name, .event_source_arn = row.value->bus_arn, .state = "ENABLED", .state_reason = {},
                                  .retention_days = row.value->retention_days, .size_bytes = counts.bytes, .event_count = counts.events,
                                  .creation_time = TimeIfAny(row.value->created_millis)});
  }
  co_return response;
}

Result<> ArchivesApi::CheckReplay(const Context& ctx, const StartReplayRequest& request) const {
  const auto archive = ParseNamedArn(request.event_source_arn, kArchiveKind);
  if (!archive) return Fail(InvalidOf("EventSourceArn", "Provided Arn is not in correct format."));
  const auto row = archive->name == NameOf(ctx, archive->name.name) ? tables_->archives.Find(archive->name.Key()) : nullptr;
  if (!row) return Fail(InvalidOf("EventSourceArn", fmt::format("Archive {} does not exist.", archive->name.name)));
  if (request.event_start_time >= request.event_end_time) return Fail(InvalidOf("EventEndTime", "EventStartTime must be before EventEndTime."));
  const auto bus = ParseBusArn(request.destination.arn);
  if (!bus) return Fail(InvalidOf("Destination.Arn", "Must contain an event bus ARN."));
  if (request.destination.arn != row->bus_arn) return Fail(InvalidOf("Destination.Arn", "Cross event bus replay is not permitted."));
  for (const std::string& arn : request.destination.filter_arns.value_or(std::vector<std::string>())) {
    const auto rule = ParseRuleArn(arn);
    if (!rule || !(rule->bus == *bus)) return Fail(InvalidOf("Destination.FilterArns", "Must contain ARNs of rules of the event bus."));
  }
  return {};
}

Result<> ArchivesApi::MakeRoom(resources::Change& change, const Named& name) const {
  const int64_t kept_since = NowMillis() - std::chrono::milliseconds(kReplayRecordKept).count();
  const auto rows = tables_->replays.List(name.Place(), "", SIZE_MAX);
  const auto running = std::ranges::count_if(rows, [](const auto& row) { return !row.value->has_ended(); });
  if (running >= static_cast<int64_t>(kReplaysAtOnceMax)) return Fail(LimitExceeded());
  size_t kept = rows.size();
  for (const auto& row : rows) {
    if (!row.value->has_ended() || row.value->ended_millis > kept_since || row.key == name.Key()) continue;
    MF_TRY_VOID(change.Delete(tables_->replays, row.key, row.value));
    --kept;
  }
  return kept < kReplaysKeptMax ? Result<>() : Fail(LimitExceeded());
}

Task<Result<StartReplayResponse>> ArchivesApi::StartReplay(Context& ctx, StartReplayRequest request) {
  MF_CO_TRY_VOID(CheckReplay(ctx, request));
  ReplayRow row{.name = NameOf(ctx, request.replay_name), .description = request.description.value_or(""), .archive_arn = request.event_source_arn,
                .bus_arn = request.destination.arn, .filter_arns = request.destination.filter_arns.value_or(std::vector<std::string>()),
                .from_millis = ToEpochMillis(request.event_start_time), .to_millis = ToEpochMillis(request.event_end_time), .state = "STARTING",
                .started_millis = NowMillis()};
  const std::string key = row.name.Key();
  const auto stage = [&](resources::Change& change, const auto& old) -> Result<> {
    if (old) return Fail(tables_->replays.errors().exists(key));
    MF_TRY_VOID(MakeRoom(change, row.name));
    return change.Create(tables_->replays, key, row);
  };
  MF_CO_TRY_VOID(co_await resources::EditWith(ctx, tables_->replays, key, stage));
  replayer_->Run(key);
  co_return StartReplayResponse{.replay_arn = row.name.Arn(kReplayKind), .state = row.state, .state_reason = {}, .replay_start_time = TimeIfAny(row.started_millis)};
}

Task<Result<CancelReplayResponse>> ArchivesApi::CancelReplay(Context& ctx, CancelReplayRequest request) {
  const Named name = NameOf(ctx, request.replay_name);
  MF_CO_TRY_VOID(co_await resources::Edit(ctx, tables_->replays, name.Key(), [&](ReplayRow& row) -> Result<> {
    if (row.state != "STARTING" && row.state != "RUNNING") {
      return Fail(Error::Service("IllegalStatusException", fmt::format("Replay {} is not in a valid state for this operation.", name.name)));
    }
    row.state = "CANCELLING";
    return {};
  }));
  co_return CancelReplayResponse{.replay_arn = name.Arn(kReplayKind), .state = "CANCELLING", .state_reason = {}};
}

Task<Result<DescribeReplayResponse>> ArchivesApi::DescribeReplay(Context& ctx, DescribeReplayRequest request) {
  MF_CO_TRY(const auto row, tables_->replays.Get(NameOf(ctx, std::move(request.replay_name)).Key()));
  ReplayDestination destination{.arn = row->bus_arn, .filter_arns = std::nullopt};
  if (!row->filter_arns.empty()) destination.filter_arns = row->filter_arns;
  co_return DescribeReplayResponse{.replay_name = row->name.name, .replay_arn = row->name.Arn(kReplayKind), .description = TextIfAny(row->description), .state = row->state,
                                   .state_reason = TextIfAny(row->reason), .event_source_arn = row->archive_arn, .destination = std::move(destination),
                                   .event_start_time = TimeIfAny(row->from_millis), .event_end_time = TimeIfAny(row->to_millis),
                                   .event_last_replayed_time = TimeIfAny(row->last_replayed_millis), .replay_start_time = TimeIfAny(row->started_millis),
                                   .replay_end_time = TimeIfAny(row->ended_millis)};
}

Task<Result<ListReplaysResponse>> ArchivesApi::ListReplays(Context& ctx, ListReplaysRequest request) {
  const std::string prefix = NameOf(ctx, request.name_prefix.value_or("")).Key();
  MF_CO_TRY(auto page, resources::NextPageIf(tables_->replays, PageOf(prefix, request.limit, request.next_token), [&](const auto& row) {
    return (!request.state || row.value->state == *request.state) && (!request.event_source_arn || row.value->archive_arn == *request.event_source_arn);
  }));
  ListReplaysResponse response{.replays = std::vector<Replay>(), .next_token = std::move(page.next_marker)};
  for (const auto& row : page.rows) {
    const ReplayRow& replay = *row.value;
    response.replays->push_back({.replay_name = replay.name.name, .event_source_arn = replay.archive_arn, .state = replay.state, .state_reason = TextIfAny(replay.reason),
                                 .event_start_time = TimeIfAny(replay.from_millis), .event_end_time = TimeIfAny(replay.to_millis),
                                 .event_last_replayed_time = TimeIfAny(replay.last_replayed_millis), .replay_start_time = TimeIfAny(replay.started_millis),
                                 .replay_end_time = TimeIfAny(replay.ended_millis)});
  }
  co_return response;
}

}  // namespace mayfly::events
