// FunctionTarget: a function as the target of deliveries: it is invoked asynchronously with the body as its event.
#pragma once

#include "invoke/event_queue.h"
#include "delivery/target_router.h"

namespace mayfly::invoke {

class FunctionTarget final : public delivery::Target {
 public:
  FunctionTarget(EventQueue& events, const catalog::FunctionCatalog& catalog) : events_(&events), catalog_(&catalog) {}

  // Errors: ResourceNotFoundException; InvalidRequestContentException and RequestEntityTooLargeException for a body that is no
  // event; a Fault of the queue (retryable).
  Task<Result<>> Deliver(Context& ctx, const delivery::Delivery& delivery) override;
  size_t body_bytes_max() const override { return kAsyncPayloadBytesMax; }

 private:
  EventQueue* events_;
  const catalog::FunctionCatalog* catalog_;
};

}  // namespace mayfly::invoke
