// LogGroups: the log groups of all accounts with their streams: rows of what clients made, and the log store's lines.
//
// A function's group and streams are there when something has been logged to them, whether anybody made them or not: a group that has
// lines and no row gets one when it is first looked at. One per daemon, on the strand of its tables.
// Limits: kGroupsMax groups per account and region; of a group's streams kStreamsMax are told; the streams of kGroupsKnownMax groups are
// remembered, those of the others are found again in their lines.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "resources/edit.h"
#include "services/logs/log_rows.h"

namespace mayfly::logs {

inline constexpr size_t kGroupsMax = 1'000'000;
inline constexpr size_t kStreamsMax = 200'000;
inline constexpr size_t kGroupsKnownMax = 32;

struct StreamFigures {
  WallTime first = WallTime::max();  // of its events; max: it has none
  WallTime last{};
  WallTime ingested{};               // when the last one was
  int64_t created_millis = 0;        // by CreateLogStream; 0: by being logged to
};
using StreamMap = std::map<std::string, StreamFigures, std::less<>>;

class LogGroups {
 public:
  using GroupPointer = resources::ResourceTable<GroupRow>::Pointer;
  using Cuts = std::map<std::string, store::LogPlace, std::less<>>;

  // All outlive it.
  LogGroups(store::Store& store, store::LogStore& lines, const Clock& clock);
  Task<Result<>> Open(Context& ctx) { return tables_.Open(ctx); }

  // Errors: ResourceNotFoundException.
  Task<Result<GroupPointer>> Get(Context& ctx, const GroupKey& key);
  // Errors: ResourceAlreadyExistsException, LimitExceededException.
  Task<Result<>> Create(Context& ctx, const GroupKey& key, GroupRow row);
  // Errors: ResourceNotFoundException; those of `edit`; OperationAbortedException.
  Task<Result<>> Edit(Context& ctx, const GroupKey& key, std::function<Result<>(GroupRow&)> edit);
  // With streams, subscriptions and lines. Errors: ResourceNotFoundException, ValidationException (it is protected).
  Task<Result<>> Delete(Context& ctx, const GroupKey& key);
  // Groups that functions have made become rows, so that they are listed.
  Task<Result<>> Discover(Context& ctx, std::string account_id, std::string region);
  const resources::ResourceTable<GroupRow>& groups() const { return groups_; }
  const resources::ResourceTable<SubscriptionRow>& subscriptions() const { return subscriptions_; }
  resources::ResourceTable<SubscriptionRow>& subscriptions() { return subscriptions_; }

  // Those that are there, as of now; those whose lines are all older than the group keeps are not.
  Task<Result<StreamMap>> Streams(Context& ctx, const GroupKey& key);
  Task<Result<bool>> HasStream(Context& ctx, const GroupKey& key, std::string stream);
  // Errors: ResourceAlreadyExistsException.
  Task<Result<>> CreateStream(Context& ctx, const GroupKey& key, std::string stream);
  // Errors: ResourceNotFoundException.
  Task<Result<>> DeleteStream(Context& ctx, const GroupKey& key, std::string stream);
  // What of streams was deleted: lines that lie there or before are not shown.
  Cuts CutsOf(const GroupKey& key) const;

  // Before when the group's lines count for nothing any more.
  WallTime KeptFrom(const GroupRow& group) const;
  // Removes from the disk what no group keeps any more.
  Task<Result<>> DropOld(Context& ctx);
  store::LogStore& lines() { return *lines_; }
  // Everything that is remembered of lines (`POST /_mayfly/reset`).
  void Forget() { known_.clear(); }

 private:
  struct Known {
    std::string group;  // the store's
    store::LogPlace scanned;
    StreamMap streams;
  };
  Task<Result<Known*>> Scan(Context& ctx, const GroupKey& key);
  Known& KnownOf(const std::string& group);

  resources::ResourceTables tables_;
  resources::ResourceTable<GroupRow> groups_;                // by GroupKey::Row()
  resources::ResourceTable<StreamRow> streams_;              // by GroupKey::RowOf(stream)
  resources::ResourceTable<SubscriptionRow> subscriptions_;  // by GroupKey::RowOf(filter)
  store::LogStore* lines_;
  const Clock* clock_;
  std::list<Known> known_;  // the one that was used last first
};

// Errors of the service, in AWS's words.
Error GroupNotFound();
Error StreamNotFound();

}  // namespace mayfly::logs
