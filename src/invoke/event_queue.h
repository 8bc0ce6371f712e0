// EventQueue: asynchronous invocation, from the event's acceptance to its end. The one door for events: InvocationType
// Event, InvokeAsync, function targets, whatever else runs a function without waiting for it.
//
// Accept makes an event durable; what follows is in event_dispatcher.h (attempts, retries, what is owed to destinations and
// dead-letter queues), delivery/delivery_worker.h (how that is delivered) and delivery/durable_lanes.h (order, fairness,
// bounds, crashes, the end of the daemon). One per daemon, on its strand.
// Promises: an accepted event ends in success, in its failure targets, or in one of the discards that event_dispatcher.h
// states; at least once, after a crash or a lost commit again.
#pragma once

#include "delivery/delivery_worker.h"
#include "invoke/event_dispatcher.h"
#include "invoke/failed_deliveries.h"

namespace mayfly::invoke {

inline constexpr size_t kAsyncPayloadBytesMax = 1'048'576;

struct EventQueueParts {
  Loop* loop;
  delivery::DurableLanes* lanes;         // not yet open; destroyed before the EventQueue, which works for them
  delivery::DeliveryWorker* deliveries;  // the worker of the lanes of deliveries
  const catalog::FunctionCatalog* catalog;
  const catalog::Tables* tables;
  Random* random;
  telemetry::Metrics* metrics;
  const LoopGuard* loops;
  const delivery::TargetRouter* targets;
  decltype(DispatcherParts::invoke) invoke;
};

class EventQueue {
 public:
  // Becomes the worker of the lanes of events, and a sender of deliveries.
  EventQueue(EventQueueParts parts, DispatchOptions options);

  // The event is the queue's: durable when this succeeds. The caller has resolved the function and checked the payload (JSON,
  // at most kAsyncPayloadBytesMax). Adds the hop to the lineage of event.trace_header and sets accepted_at.
  // Errors: a Fault of the store; Cancelled while it waits for room. Then nothing was accepted.
  Task<Result<>> Accept(Context& ctx, AsyncEvent event);

 private:
  delivery::DurableLanes* lanes_;
  telemetry::Metrics* metrics_;
  EventDispatcher dispatcher_;
  FailedDeliveries destinations_;
  FailedDeliveries dead_letters_;
};

}  // namespace mayfly::invoke
