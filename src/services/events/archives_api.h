// ArchivesApi: the operations on archives and replays of model/events.model. One per daemon, on its strand.
#pragma once

#include "model/events.h"
#include "services/events/event_tables.h"
#include "services/events/replayer.h"

namespace mayfly::events {

class ArchivesApi final : public ArchivesHandler {
 public:
  // All outlive it.
  ArchivesApi(const Clock& clock, const EventTables& buses, ArchiveTables& tables, Archives& archives, Replayer& replayer)
      : clock_(&clock), buses_(&buses), tables_(&tables), archives_(&archives), replayer_(&replayer) {}

  Task<Result<CreateArchiveResponse>> CreateArchive(Context& ctx, CreateArchiveRequest request) override;
  Task<Result<UpdateArchiveResponse>> UpdateArchive(Context& ctx, UpdateArchiveRequest request) override;
  Task<Result<DeleteArchiveResponse>> DeleteArchive(Context& ctx, DeleteArchiveRequest request) override;
  Task<Result<DescribeArchiveResponse>> DescribeArchive(Context& ctx, DescribeArchiveRequest request) override;
  Task<Result<ListArchivesResponse>> ListArchives(Context& ctx, ListArchivesRequest request) override;
  Task<Result<StartReplayResponse>> StartReplay(Context& ctx, StartReplayRequest request) override;
  Task<Result<CancelReplayResponse>> CancelReplay(Context& ctx, CancelReplayRequest request) override;
  Task<Result<DescribeReplayResponse>> DescribeReplay(Context& ctx, DescribeReplayRequest request) override;
  Task<Result<ListReplaysResponse>> ListReplays(Context& ctx, ListReplaysRequest request) override;

 private:
  int64_t NowMillis() const { return ToEpochMillis(clock_->WallNow()); }
  // Error: ValidationException.
  Result<> CheckReplay(const Context& ctx, const StartReplayRequest& request) const;
  // Takes the records of what has ended long ago away. Error: LimitExceededException.
  Result<> MakeRoom(resources::Change& change, const Named& name) const;

  const Clock* clock_;
  const EventTables* buses_;
  ArchiveTables* tables_;
  Archives* archives_;
  Replayer* replayer_;
};

}  // namespace mayfly::events
