// EventQueue: asynchronous invocation, from the event's acceptance to its end. The one door for events: InvocationType
// Event, InvokeAsync, function targets, whatever else runs a function without waiting for it.
//
// Accept makes an event durable; what follows (attempts, retries, destinations, dead letters) is in event_dispatcher.h,
// delivery_worker.h and, for order, fairness, bounds and crashes, durable_lanes.h. One per daemon, on its strand.
// Promises: an accepted event ends in success, in its failure targets, or in one of the discards that event_dispatcher.h
// states; at least once, after a crash or a lost commit again.
#pragma once

#include "invoke/delivery_worker.h"
#include "invoke/event_dispatcher.h"

namespace mayfly::invoke {

inline constexpr size_t kAsyncPayloadBytesMax = 1'048'576;

struct EventQueueOptions {
  delivery::LaneOptions lanes;
  DispatchOptions dispatch;
  DeliveryOptions delivery;
};

struct EventQueueParts {
  Loop* loop;
  store::Store* store;  // of its own
  const catalog::FunctionCatalog* catalog;
  const catalog::Tables* tables;
  Random* random;
  telemetry::Metrics* metrics;
  const LoopGuard* loops;
  delivery::TargetRouter* targets;
  decltype(DispatcherParts::invoke) invoke;
};

class EventQueue {
 public:
  EventQueue(EventQueueParts parts, EventQueueOptions options);

  // Goes on with what an earlier daemon has left.
  void Open() { lanes_.Open(); }

  // The event is the queue's: durable when this succeeds. The caller has resolved the function and checked the payload (JSON,
  // at most kAsyncPayloadBytesMax). Adds the hop to the lineage of event.trace_header and sets accepted_at.
  // Errors: a Fault of the store; Cancelled while it waits for room. Then nothing was accepted.
  Task<Result<>> Accept(Context& ctx, AsyncEvent event);

  // No attempt is begun any more; events are still accepted, for the next start.
  void Pause() { lanes_.Pause(); }
  // Waits until what runs has ended, or `until`.
  Task<> Stop(TimePoint until) { return lanes_.Stop(until); }
  Task<Result<>> Clear(Context& ctx) { return lanes_.Clear(ctx); }
  const delivery::DurableLanes& lanes() const { return lanes_; }

 private:
  telemetry::Metrics* metrics_;
  EventDispatcher dispatcher_;
  DeliveryWorker deliveries_;
  delivery::DurableLanes lanes_;  // last: it calls the others
};

}  // namespace mayfly::invoke
