// Trail: what was done, by whom, from where, and whether it was let through: records in CloudTrail's form, one a line, one file per day of UTC
// (DIRECTORY/YYYY-MM-DD.jsonl, 0600).
//
// A record is in the kernel's hands when Write returns: it survives the daemon's being killed. Bounds: kDayBytesMax of a day (what comes
// afterwards is counted in dropped()), kDaysMax files; older ones are removed when a day begins.
// Write on the daemon's strand, a write(2) each. Read blocks (call it on a pool) and may be called on any thread.
// Source: CloudTrail user guide, "CloudTrail record contents".
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"

namespace mayfly::telemetry {

class Trail {
 public:
  static constexpr uint64_t kDayBytesMax = 64ull * 1024 * 1024;
  static constexpr size_t kDaysMax = 90;
  static constexpr size_t kRecordBytesMax = 64 * 1024;

  // Makes the directory (0700) where it is missing. Error: Fault.
  Result<> Open(std::string directory);
  // `record`: one JSON object without line breaks. Before Open, and a longer one: nothing happens.
  void Write(std::string_view record, WallTime now);
  uint64_t dropped() const { return dropped_; }
  const std::string& directory() const { return directory_; }
  // Removes everything.
  void Clear();

  // Where a reading goes on: in the file of `day`, before the byte `before`. Empty day: from the newest.
  struct Place {
    std::string day;
    uint64_t before = UINT64_MAX;
  };
  // Gives records, the newest first, to `take` until it says false; gives the place behind the last one that was taken, with an empty day at
  // the end of all. Errors: Fault.
  static Result<Place> Read(const std::string& directory, Place from, const std::function<bool(std::string_view record)>& take);

 private:
  void Begin(const std::string& day);

  std::string directory_;
  std::string day_;
  UniqueFd file_;
  uint64_t bytes_ = 0;
  uint64_t dropped_ = 0;
};

}  // namespace mayfly::telemetry
