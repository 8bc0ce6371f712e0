#include "invoke/event_queue.h"

#include "invoke/lineage.h"

namespace mayfly::invoke {

EventQueue::EventQueue(EventQueueParts parts, EventQueueOptions options)
    : metrics_(parts.metrics),
      dispatcher_(*parts.loop,
                  {.catalog = parts.catalog,
                   .tables = parts.tables,
                   .random = parts.random,
                   .metrics = parts.metrics,
                   .loops = parts.loops,
                   .targets = parts.targets,
                   .time = [this] { return lanes_.Time(); },
                   .invoke = std::move(parts.invoke)},
                  std::move(options.dispatch)),
      deliveries_(*parts.loop, *parts.targets, *parts.metrics, options.delivery),
      lanes_(*parts.loop, *parts.store, *parts.random, options.lanes) {
  lanes_.AddWorker("invoke", dispatcher_);
  lanes_.AddWorker("deliver", deliveries_);
}

Task<Result<>> EventQueue::Accept(Context& ctx, AsyncEvent event) {
  event.trace_header = AddHop(event.trace_header, event.function.name.Arn()).trace_header;
  event.accepted_at = lanes_.Time();
  MF_CO_TRY_VOID(co_await lanes_.Append(ctx, {InvokeLane(event.function.name), Encode(event)}));
  metrics_->Of(ScopeOf(event.function)).Add(telemetry::Metric::AsyncEventsReceived);
  co_return Result<>();
}

}  // namespace mayfly::invoke
