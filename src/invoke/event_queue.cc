#include "invoke/event_queue.h"

#include "invoke/lineage.h"

namespace mayfly::invoke {

EventQueue::EventQueue(EventQueueParts parts, DispatchOptions options)
    : lanes_(parts.lanes),
      metrics_(parts.metrics),
      dispatcher_(*parts.loop,
                  {.catalog = parts.catalog,
                   .tables = parts.tables,
                   .random = parts.random,
                   .metrics = parts.metrics,
                   .loops = parts.loops,
                   .targets = parts.targets,
                   .lanes = parts.lanes,
                   .invoke = std::move(parts.invoke)},
                  std::move(options)),
      destinations_(*parts.metrics, metric::kDestinationDeliveryFailures),
      dead_letters_(*parts.metrics, metric::kDeadLetterErrors) {
  lanes_->AddWorker(std::string(kInvokeLanes), dispatcher_);
  parts.deliveries->AddSender(std::string(kDestinationSender), destinations_);
  parts.deliveries->AddSender(std::string(kDeadLetterSender), dead_letters_);
}

Task<Result<>> EventQueue::Accept(Context& ctx, AsyncEvent event) {
  event.trace_header = AddHop(event.trace_header, event.function.name.Arn()).trace_header;
  event.accepted_at = lanes_->Time();
  MF_CO_TRY_VOID(co_await lanes_->Append(ctx, {InvokeLane(event.function.name), Encode(event)}));
  SeriesOf(*metrics_, event.function).Add(metric::kAsyncEventsReceived);
  co_return Result<>();
}

}  // namespace mayfly::invoke
