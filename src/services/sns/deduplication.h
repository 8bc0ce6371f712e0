// Deduplication: what was published to FIFO topics in the last five minutes, by the keys that let no second message of theirs in.
//
// One per daemon, on its strand; rows of the store's table "sns-published", and the same in memory. Bound: kPublishedMax keys, the oldest
// are forgotten; expired rows go as new ones come.
#pragma once

#include <deque>
#include <map>
#include <string>

#include "base/task.h"
#include "store/store.h"

namespace mayfly::sns {

inline constexpr size_t kPublishedMax = 200'000;

class Deduplication {
 public:
  // Both outlive it. `clock`: the calendar's.
  Deduplication(store::Store& store, const Clock& clock) : store_(&store), clock_(&clock) {}

  // Error: a fault of the store.
  Task<Result<>> Open(Context& ctx);

  struct Message {
    std::string message_id;
    int64_t number = 0;       // rises with each, and is never given again
    bool is_repeated = false;  // it has been published, and its deliveries are owed
  };
  // The message of this key: the first one, or `message_id` as a new one, durable with its number. A message that is new, or of which it
  // is not known whether its deliveries are owed (the daemon was killed between), is to be published; MarkOwed says that it has been.
  // Error: a fault of the store.
  Task<Result<Message>> Take(Context& ctx, std::string key, std::string message_id);
  void MarkOwed(const std::string& key);
  // After the store has been cleared.
  void Clear();

 private:
  struct Known {
    Message message;
    int64_t until_millis = 0;
  };
  int64_t NowMillis() const { return ToEpochMillis(clock_->WallNow()); }
  // Takes out what is too old, or too much; its rows go with `batch`.
  void Forget(store::Batch& batch);

  store::Store* store_;
  const Clock* clock_;
  std::map<std::string, Known> known_;
  std::deque<std::string> order_;  // of coming
};

}  // namespace mayfly::sns
