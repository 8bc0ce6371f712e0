// Events of a request, read while they come: what a handler gets for a member that is an event stream.
//
//   for (;;) {
//     MF_CO_TRY(std::optional<MyEvent> event, co_await request.events.Read(ctx));
//     if (!event) break;
//
// Belongs to the call that its request belongs to; read on its strand, one Read at a time. What is not read is dropped with it.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "base/context.h"
#include "base/result.h"
#include "base/task.h"

namespace mayfly::wire {

// The protocol's side: knows how events look on the wire.
class EventSource {
 public:
  virtual ~EventSource() = default;
  // Reads the next event into `event`, an empty struct of the stream of which one member becomes present; false at the end.
  // Errors: SerializationException and ValidationException for an event that cannot be read, or is not within the model's limits
  // (nothing sensible follows it); those of the body.
  virtual Task<Result<bool>> Read(Context& ctx, void* event) = 0;
};

template <typename Event>
class EventReader {
 public:
  EventReader() = default;  // no events
  explicit EventReader(std::shared_ptr<EventSource> source) : source_(std::move(source)) {}
  EventReader(EventReader&&) noexcept = default;
  EventReader& operator=(EventReader&&) noexcept = default;

  // The next event; nullopt at the end. Errors: as EventSource::Read.
  Task<Result<std::optional<Event>>> Read(Context& ctx) {
    Event event;
    if (!source_) co_return std::nullopt;
    MF_CO_TRY(const bool more, co_await source_->Read(ctx, &event));
    if (!more) co_return std::nullopt;
    co_return std::move(event);
  }

 private:
  std::shared_ptr<EventSource> source_;  // shared for the standard layout of the struct around it, as in EventStream
};

}  // namespace mayfly::wire
