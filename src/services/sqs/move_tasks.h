// MoveTasks: moving the messages of a dead-letter queue back (StartMessageMoveTask). Tasks are durable: one that runs goes on
// after a restart, and its count is committed with the messages that it counts.
//
// One per daemon, on the strand of the queues. Bounds: one task per source queue at a time; the last kTasksKept of a queue are
// remembered; kMoveAtOnce messages per commit, fewer with a limit per second.
#pragma once

#include "services/sqs/queues.h"

namespace mayfly::sqs {

inline constexpr size_t kTasksKept = 10;
inline constexpr size_t kMoveAtOnce = 100;

struct MoveTask {
  std::string id;
  QueueName source;
  std::string destination_arn;  // "": each message goes where it came from
  std::optional<int> per_second;
  std::string status;  // RUNNING COMPLETED CANCELLING CANCELLED FAILED
  int64_t moved = 0;
  int64_t to_move = 0;
  int64_t started_millis = 0;
  std::string failure;

  std::string Key() const;
  bool running() const { return status == "RUNNING" || status == "CANCELLING"; }
};
json::Value ToJson(const MoveTask& task);
Result<> FromJson(std::string_view key, const json::Value& value, MoveTask& task);

class MoveTasks {
 public:
  using Pointer = std::shared_ptr<const MoveTask>;

  // Made before `queues` is opened, so that its table is read with the others. `queues` outlives it.
  MoveTasks(Loop& loop, Queues& queues, Random& random);

  // Goes on with tasks that a restart interrupted.
  void Recover();
  Task<> Stop();

  // Error: InvalidParameterValue when a task of this source runs already.
  Task<Result<Pointer>> Start(Context& ctx, QueuePointer source, std::string destination_arn, std::optional<int> per_second);
  // Newest first.
  std::vector<Pointer> List(const QueueName& source) const;
  // Error: ResourceNotFoundException.
  Task<Result<Pointer>> Cancel(Context& ctx, QueueName source, std::string id);

 private:
  // `interrupted`: messages may still be held by a commit that a restart has cut off.
  enum class Begin : unsigned char { Fresh, Interrupted };
  Task<> Run(std::string key, Begin begin);
  // One commit's worth. Its number, or nothing when the task is over.
  Task<Result<size_t>> Step(Context& ctx, const Pointer& task);
  Task<Result<>> Finish(Context& ctx, std::string key, std::string status, std::string failure);
  Task<Result<>> Forget(Context& ctx, const QueueName& source);

  Loop* loop_;
  Queues* queues_;
  Random* random_;
  resources::ResourceTable<MoveTask> table_;
  TaskScope background_;
};

}  // namespace mayfly::sqs
