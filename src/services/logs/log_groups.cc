#include "services/logs/log_groups.h"

#include <algorithm>

#include "store/log_group_key.h"

namespace mayfly::logs {
namespace {

Error NoSuchGroup(std::string_view) { return GroupNotFound(); }
Error GroupExists(std::string_view) { return Error::Service("ResourceAlreadyExistsException", "The specified log group already exists"); }
Error StreamExists(std::string_view) { return Error::Service("ResourceAlreadyExistsException", "The specified log stream already exists"); }
Error NoSuchStream(std::string_view) { return StreamNotFound(); }
Error NoSuchFilter(std::string_view) { return Error::Service("ResourceNotFoundException", "The specified subscription filter does not exist."); }
Error Aborted(std::string_view) {
  return Error::Service("OperationAbortedException", "A conflicting operation is currently in progress against this resource. Please try again.");
}

std::optional<std::string> GroupOfPart(std::string_view key) {
  const size_t end = key.rfind("/:/");
  return end == std::string_view::npos ? std::nullopt : std::optional(std::string(key.substr(0, end)));
}
std::string PartsOfGroup(std::string_view key) { return std::string(key) + "/:"; }

resources::TableRules PartRules(resources::ResourceTable<GroupRow>& groups, Error (*missing)(std::string_view), Error (*exists)(std::string_view)) {
  return {.owners = {{.table = &groups, .key_of = &GroupOfPart, .root_of = &PartsOfGroup, .needed = resources::Owner::Needed::Always}},
          .errors = {.missing = missing, .exists = exists, .busy = &Aborted}};
}

void Widen(StreamFigures& figures, WallTime time, WallTime ingested) {
  figures.first = std::min(figures.first, time);
  figures.last = std::max(figures.last, time);
  figures.ingested = std::max(figures.ingested, ingested);
}

}  // namespace

Error GroupNotFound() { return Error::Service("ResourceNotFoundException", "The specified log group does not exist."); }
Error StreamNotFound() { return Error::Service("ResourceNotFoundException", "The specified log stream does not exist."); }

LogGroups::LogGroups(store::Store& store, store::LogStore& lines, const Clock& clock)
    : tables_(store),
      groups_(tables_, "log_groups", {.owners = {}, .errors = {.missing = &NoSuchGroup, .exists = &GroupExists, .busy = &Aborted}}),
      streams_(tables_, "log_streams", PartRules(groups_, &NoSuchStream, &StreamExists)),
      subscriptions_(tables_, "log_subscriptions", PartRules(groups_, &NoSuchFilter, &resources::RowErrors::Exists)),
      lines_(&lines),
      clock_(&clock) {}

Task<Result<LogGroups::GroupPointer>> LogGroups::Get(Context& ctx, const GroupKey& key) {
  if (auto found = groups_.Find(key.Row())) co_return found;
  MF_CO_TRY(const auto page, co_await lines_->Page(ctx, {.group = key.Store(), .behind = {}, .stream_prefix = {}, .contains = {}, .wanted = {}, .limit = 1}));
  if (page.lines.empty()) co_return Fail(GroupNotFound());
  GroupRow row{.created_millis = ToEpochMillis(page.lines.front().line.time)};
  auto created = co_await Create(ctx, key, std::move(row));
  if (!created && created.error().code != GroupExists("").code) co_return Fail(std::move(created).error());
  co_return groups_.Get(key.Row());
}

Task<Result<>> LogGroups::Create(Context& ctx, const GroupKey& key, GroupRow row) {
  if (groups_.size() >= kGroupsMax) co_return Fail(Error::Service("LimitExceededException", "Resource limit exceeded."));
  resources::Change change(tables_);
  MF_CO_TRY_VOID(change.Create(groups_, key.Row(), std::move(row)));
  co_return co_await change.Commit(ctx);
}

Task<Result<>> LogGroups::Edit(Context& ctx, const GroupKey& key, std::function<Result<>(GroupRow&)> edit) {
  MF_CO_TRY_VOID(co_await Get(ctx, key));
  co_return co_await resources::Edit(ctx, groups_, key.Row(), std::move(edit));
}

Task<Result<>> LogGroups::Delete(Context& ctx, const GroupKey& key) {
  MF_CO_TRY(const GroupPointer group, co_await Get(ctx, key));
  if (group->is_protected) {
    co_return Fail(Error::Service("ValidationException", "The specified log group has deletion protection enabled and cannot be deleted. Disable deletion "
                                                         "protection before deleting the log group."));
  }
  MF_CO_TRY_VOID(co_await resources::Remove(ctx, groups_, key.Row()));
  known_.remove_if([&](const Known& known) { return known.group == key.Store(); });
  co_return co_await lines_->DeleteGroup(ctx, key.Store());
}

Task<Result<>> LogGroups::Discover(Context& ctx, std::string account_id, std::string region) {
  MF_CO_TRY(const auto names, co_await lines_->Groups(ctx));
  for (const std::string& name : names) {
    const auto parsed = store::ParseLogGroupKey(name);
    if (!parsed || parsed->account_id != account_id || parsed->region != region) continue;
    const auto got = co_await Get(ctx, {account_id, region, parsed->group});
    if (!got && got.error().kind != Error::Kind::Service) co_return Fail(got.error());
  }
  co_return Result<>();
}

// --- streams

LogGroups::Known& LogGroups::KnownOf(const std::string& group) {
  const auto found = std::ranges::find(known_, group, &Known::group);
  if (found != known_.end()) {
    known_.splice(known_.begin(), known_, found);
  } else {
    known_.push_front({.group = group, .scanned = {}, .streams = {}});
    if (known_.size() > kGroupsKnownMax) known_.pop_back();
  }
  return known_.front();
}

LogGroups::Cuts LogGroups::CutsOf(const GroupKey& key) const {
  Cuts cuts;
  const std::string prefix = key.RowOf("");
  for (const auto& row : streams_.ListIf(prefix, "", kStreamsMax, [](const auto& row) { return row.value->cut != store::LogPlace(); })) {
    cuts.emplace(row.key.substr(prefix.size()), row.value->cut);
  }
  return cuts;
}

// Looks at what was appended since the last time. Two at once find the same twice, which changes nothing.
Task<Result<LogGroups::Known*>> LogGroups::Scan(Context& ctx, const GroupKey& key) {
  const std::string group = key.Store();
  const store::LogPlace after = KnownOf(group).scanned;
  const auto found = std::make_shared<StreamMap>();
  MF_CO_TRY(const store::LogPlace scanned,
            co_await lines_->Scan(ctx, group, after, [found, cuts = CutsOf(key)](const store::LogLineView& line, const store::LogPlace& place, WallTime ingested) {
              const auto cut = cuts.find(line.stream);
              if (cut != cuts.end() && place <= cut->second) return;
              auto entry = found->find(line.stream);
              if (entry == found->end() && found->size() >= kStreamsMax) return;
              if (entry == found->end()) entry = found->emplace(std::string(line.stream), StreamFigures()).first;
              Widen(entry->second, line.time, ingested);
            }));
  Known& known = KnownOf(group);
  for (const auto& [stream, figures] : *found) {
    if (known.streams.size() >= kStreamsMax && !known.streams.contains(stream)) continue;
    StreamFigures& all = known.streams[stream];
    all.first = std::min(all.first, figures.first);
    Widen(all, figures.last, figures.ingested);
  }
  known.scanned = std::max(known.scanned, scanned);
  co_return &known;
}

Task<Result<StreamMap>> LogGroups::Streams(Context& ctx, const GroupKey& key) {
  MF_CO_TRY(const GroupPointer group, co_await Get(ctx, key));
  MF_CO_TRY(const Known* const known, co_await Scan(ctx, key));
  StreamMap streams;
  const WallTime kept_from = KeptFrom(*group);
  for (const auto& [stream, figures] : known->streams) {
    if (figures.last >= kept_from) streams.emplace(stream, figures);
  }
  const std::string prefix = key.RowOf("");
  for (const auto& row : streams_.ListIf(prefix, "", kStreamsMax, [](const auto& row) { return row.value->created_millis != 0; })) {
    streams[row.key.substr(prefix.size())].created_millis = row.value->created_millis;
  }
  co_return streams;
}

Task<Result<bool>> LogGroups::HasStream(Context& ctx, const GroupKey& key, std::string stream) {
  const auto row = streams_.Find(key.RowOf(stream));
  if (row && row->created_millis != 0) co_return true;
  MF_CO_TRY(const GroupPointer group, co_await Get(ctx, key));
  MF_CO_TRY(const Known* const known, co_await Scan(ctx, key));
  const auto found = known->streams.find(stream);
  co_return found != known->streams.end() && found->second.last >= KeptFrom(*group);
}

Task<Result<>> LogGroups::CreateStream(Context& ctx, const GroupKey& key, std::string stream) {
  MF_CO_TRY(const bool is_there, co_await HasStream(ctx, key, stream));
  if (is_there) co_return Fail(StreamExists(""));
  MF_CO_TRY_VOID(co_await Get(ctx, key));
  co_return co_await resources::EditWith(ctx, streams_, key.RowOf(stream), [&](resources::Change& change, const auto& row) -> Result<> {
    if (row && row->created_millis != 0) return Fail(StreamExists(""));
    StreamRow made = row ? *row : StreamRow();
    made.created_millis = ToEpochMillis(clock_->WallNow());
    return change.Put(streams_, key.RowOf(stream), std::move(made));
  });
}

Task<Result<>> LogGroups::DeleteStream(Context& ctx, const GroupKey& key, std::string stream) {
  MF_CO_TRY(const bool is_there, co_await HasStream(ctx, key, stream));
  if (!is_there) co_return Fail(StreamNotFound());
  MF_CO_TRY(const Known* const known, co_await Scan(ctx, key));
  const store::LogPlace cut = known->scanned;
  MF_CO_TRY_VOID(co_await resources::EditWith(ctx, streams_, key.RowOf(stream), [&](resources::Change& change, const auto&) {
    return change.Put(streams_, key.RowOf(stream), StreamRow{.created_millis = 0, .cut = cut});
  }));
  KnownOf(key.Store()).streams.erase(stream);
  co_return Result<>();
}

// --- retention

WallTime LogGroups::KeptFrom(const GroupRow& group) const {
  return group.retention_days == 0 ? WallTime() : clock_->WallNow() - std::chrono::hours(24 * group.retention_days);
}

Task<Result<>> LogGroups::DropOld(Context& ctx) {
  for (const auto& row : groups_.ListIf("", "", kGroupsMax, [](const auto& row) { return row.value->retention_days != 0; })) {
    const auto key = GroupKey::OfRow(row.key);
    if (key) MF_CO_TRY_VOID(co_await lines_->DropBefore(ctx, key->Store(), KeptFrom(*row.value)));
  }
  co_return Result<>();
}

}  // namespace mayfly::logs
