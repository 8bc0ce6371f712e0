// ArchivedEvents: the events that archives hold, in the order of their times: rows of the control store, one per event and archive.
//
// One per daemon, on its strand. Promises: what Append has taken is there after a crash. How many events and bytes an archive holds is kept with
// them, in the same commits. Bounds: kArchiveEventsMax, kArchiveBytesMax of each archive, by Sweep: the oldest go.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "store/store.h"

namespace mayfly::events {

inline constexpr int64_t kArchiveEventsMax = 1'000'000;
inline constexpr int64_t kArchiveBytesMax = int64_t{1} << 30;

struct ArchiveCounts {
  int64_t events = 0;
  int64_t bytes = 0;
};

struct StoredEvent {
  std::string position;  // grows with time
  int64_t time_millis = 0;
  std::string envelope;
};

class ArchivedEvents {
 public:
  explicit ArchivedEvents(store::Store& store) : store_(&store) {}
  Task<Result<>> Open(Context& ctx);

  struct New {
    std::string archive;  // key of the archive's row
    int64_t time_millis = 0;
    std::string id;
    std::string envelope;
  };
  // One commit; an event that an archive has already stays one. Error: a fault of the store.
  Task<Result<>> Append(Context& ctx, std::vector<New> events);
  ArchiveCounts CountsOf(const std::string& archive) const;
  // At most `limit` behind `position` ("": from `from_millis` on), at or before `to_millis`.
  Task<Result<std::vector<StoredEvent>>> Read(Context& ctx, const std::string& archive, const std::string& position, int64_t from_millis, int64_t to_millis,
                                              size_t limit);
  // Takes away some of what is older than `before_millis` or beyond the bounds. When the oldest event is from that stays; nullopt: none is left.
  // Called again while it says a time before `before_millis`, or bounds are passed.
  Task<Result<std::optional<int64_t>>> Sweep(Context& ctx, const std::string& archive, int64_t before_millis);
  bool IsBeyondBounds(const std::string& archive) const;
  // All of an archive.
  Task<Result<>> Drop(Context& ctx, const std::string& archive);
  void Forget() { counts_.clear(); }  // the store has been emptied

 private:
  void StageCounts(store::Batch& batch, const std::string& archive) const;

  store::Store* store_;
  std::map<std::string, ArchiveCounts> counts_;
};

}  // namespace mayfly::events
