#include "base/task_scope.h"

namespace mayfly {

// An eager coroutine whose frame the scope destroys, or which destroys itself at its end.
struct TaskScope::Starter {
  struct promise_type {
    Starter get_return_object() { return Starter{std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { Panic(__FILE__, __LINE__, "an exception left a task"); }
  };
  std::coroutine_handle<promise_type> handle;
};

TaskScope::~TaskScope() {
  stop_.request_stop();
  while (!running_.empty()) {
    const std::coroutine_handle<> handle = running_.front();
    running_.pop_front();
    handle.destroy();
  }
}

TaskScope::Starter TaskScope::Run(Task<> task, std::list<std::coroutine_handle<>>::iterator position) {
  {
    Task<> running = std::move(task);
    co_await std::move(running);
  }  // the task's frame is gone before the scope counts it as ended
  running_.erase(position);
  if (running_.empty()) empty_.Pulse();
}

void TaskScope::Spawn(Task<> task) {
  const auto position = running_.insert(running_.end(), std::coroutine_handle<>());
  const Starter starter = Run(std::move(task), position);
  *position = starter.handle;
  starter.handle.resume();
}

Task<> TaskScope::Join() {
  while (!running_.empty()) co_await empty_.Wait();
}

}  // namespace mayfly
