// QueueDeletes: deletes the messages that a mapping has finished, in groups: what comes while one group is on its way to the
// store goes with the next one, so that a thousand batches do not wait for a thousand commits.
//
// One per poller, on its strand. A message whose deletion fails for good (queue gone, store broken for a minute) is given out
// again by its queue: processed twice, never lost.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/task_scope.h"
#include "sources/queue_source.h"

namespace mayfly::sources {

class QueueDeletes {
 public:
  // `on_deleted` is told how many messages were deleted that the function had processed.
  QueueDeletes(Loop& loop, QueueSource& queues, std::string queue_arn, size_t waiting_max, std::function<void(size_t)> on_deleted);

  enum class Reason : unsigned char { Processed, FilteredOut };
  void Add(std::vector<std::string> receipt_handles, Reason reason);
  // Whether more may come: `waiting_max` messages are the bound, over which one batch may go.
  bool HasRoom() const { return handles_.size() < waiting_max_; }
  // false: ctx.stop was requested.
  Task<bool> AwaitRoom(Context& ctx);
  bool idle() const { return !running_; }
  // Set off when idle() becomes true.
  Event& done() { return done_; }
  Task<> Stop();

 private:
  struct Group {
    std::vector<std::string> handles;
    size_t processed = 0;
  };
  Task<> Run();
  Task<> Delete(Context& ctx, Group group);

  Loop* loop_;
  QueueSource* queues_;
  std::string queue_arn_;
  size_t waiting_max_;
  std::function<void(size_t)> on_deleted_;
  std::vector<std::string> handles_;
  size_t processed_ = 0;  // of handles_
  bool running_ = false;
  Event room_;
  Event done_;
  TaskScope tasks_;
};

}  // namespace mayfly::sources
