// Events of an operation's answer, sent while they happen: what a handler returns for a member that is an event stream.
//
//   response.event_stream = [state = std::move(state)](Context& ctx, EventWriter<MyEvent> events) mutable {
//     return SendAll(ctx, events, std::move(state));  // a coroutine that calls events.Send(ctx, event)
//   };
//
// The function is called at most once, when the answer's head is on its way, with the context of the connection; it may also be
// destroyed without a call (the client has gone). An error from it cuts the connection, so that the client sees the truncation.
#pragma once

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "base/context.h"
#include "base/result.h"
#include "base/task.h"

namespace mayfly::wire {

// The protocol's side: knows how events look on the wire.
class EventSender {
 public:
  virtual ~EventSender() = default;
  // `event`: the stream's struct, of which exactly one member is present. Returns when the kernel has taken the bytes
  // (back-pressure). Errors: Cancelled when the client has gone; a Fault for an event that is too large for a message.
  virtual Task<Result<>> Send(Context& ctx, const void* event) = 0;
};

template <typename Event>
class EventWriter {
 public:
  explicit EventWriter(EventSender& sender) : sender_(&sender) {}
  // `event` lives until the task is done. Otherwise as EventSender::Send.
  Task<Result<>> Send(Context& ctx, const Event& event) { return sender_->Send(ctx, &event); }

 private:
  EventSender* sender_;
};

// What a handler assigns a lambda to. Moved, not copied. (A shared_ptr, because the structs which hold one have to keep their standard
// layout, which std::unique_ptr's own does not leave them.)
template <typename Event>
class EventStream {
 public:
  using Function = std::move_only_function<Task<Result<>>(Context&, EventWriter<Event>)>;

  EventStream() = default;
  EventStream(EventStream&&) noexcept = default;
  EventStream& operator=(EventStream&&) noexcept = default;
  template <typename F>
    requires std::is_invocable_r_v<Task<Result<>>, F&, Context&, EventWriter<Event>>
  EventStream(F function) : function_(std::make_shared<Function>(std::move(function))) {}  // NOLINT: implicit on purpose

  Function Take() { return std::move(*std::exchange(function_, nullptr)); }

 private:
  std::shared_ptr<Function> function_;
};

// An EventStream whose events only its Structure knows.
using RawEventStream = std::move_only_function<Task<Result<>>(Context&, EventSender&)>;

}  // namespace mayfly::wire
