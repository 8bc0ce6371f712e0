// HandlerCall: one call of a service's handler, whose answer's type only its maker (CallHandler, storage.h) knows.
//
// Made and awaited by Endpoint, once. Runs the handler's task on the awaiting strand, just as awaiting the task itself would; the answer is an
// object that the Structure of the operation's output can destroy, null for an operation without output. It is no coroutine: one for each
// operation would be the half of what a model costs to compile, and a frame for each request.
// Destroying it before it has ended destroys the handler's frame, as with a Task.
#pragma once

#include <coroutine>
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

#include "base/result.h"
#include "base/task.h"

namespace mayfly::wire {

class [[nodiscard]] HandlerCall {
 public:
  template <typename Response>
  explicit HandlerCall(Task<Result<Response>> task) {
    using Kept = Task<Result<Response>>;
    static_assert(sizeof(Kept) == sizeof(task_));
    // Kept without its type, and so without its destructor: the frame is destroyed by its handle.
    auto awaiter = std::move(*new (task_) Kept(std::move(task))).operator co_await();
    handle_ = awaiter.handle;
    continuation_ = &awaiter.handle.promise().continuation;
    finish_ = &Finish<Response>;
  }
  HandlerCall(const HandlerCall&) = delete;
  HandlerCall& operator=(const HandlerCall&) = delete;
  ~HandlerCall() { handle_.destroy(); }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
    *continuation_ = awaiting;
    return handle_;
  }
  // The caller owns the answer.
  Result<void*> await_resume() { return finish_(handle_); }

 private:
  template <typename Response>
  static Result<void*> Finish(std::coroutine_handle<> handle) {
    using Awaiter = typename Task<Result<Response>>::Awaiter;
    auto answer = Awaiter{Task<Result<Response>>::Handle::from_address(handle.address())}.await_resume();
    if (!answer) return Fail(std::move(answer).error());
    if constexpr (std::is_void_v<Response>) {
      return nullptr;
    } else {
      return new Response(std::move(*answer));
    }
  }

  alignas(void*) std::byte task_[sizeof(void*)];
  std::coroutine_handle<> handle_;
  std::coroutine_handle<>* continuation_ = nullptr;
  Result<void*> (*finish_)(std::coroutine_handle<>) = nullptr;
};

}  // namespace mayfly::wire
