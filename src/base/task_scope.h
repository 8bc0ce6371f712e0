// TaskScope: owns background tasks. Nothing runs detached.
//
// Member of whoever starts background work, declared last so that it is destroyed first. Stop() asks the tasks to end
// (their context's stop token), Join() waits until all have. Destroying a scope that still has tasks destroys their
// frames where they are suspended (their local objects' destructors run). One strand.
#pragma once

#include <list>
#include <stop_token>

#include "base/event.h"
#include "base/task.h"

namespace mayfly {

class TaskScope {
 public:
  explicit TaskScope(Loop& loop) : empty_(loop) {}
  ~TaskScope();
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;

  // Starts `task` at once, up to its first suspension.
  void Spawn(Task<> task);
  std::stop_token stop_token() const { return stop_.get_token(); }
  void Stop() { stop_.request_stop(); }
  // Returns when no task is left (also those that are spawned meanwhile).
  Task<> Join();
  size_t size() const { return running_.size(); }

 private:
  struct Starter;
  Starter Run(Task<> task, std::list<std::coroutine_handle<>>::iterator position);

  std::stop_source stop_;
  Event empty_;
  std::list<std::coroutine_handle<>> running_;
};

}  // namespace mayfly
