// FunctionTarget: a function as the target of deliveries: it is invoked asynchronously with the body as its event.
#pragma once

#include "catalog/access.h"
#include "delivery/target_router.h"
#include "invoke/event_queue.h"

namespace mayfly::invoke {

class FunctionTarget final : public delivery::Target {
 public:
  FunctionTarget(EventQueue& events, const catalog::FunctionCatalog& catalog, const catalog::Access& access)
      : events_(&events), catalog_(&catalog), access_(&access) {}

  // May it invoke the function? Errors: AccessDeniedException, ResourceNotFoundException.
  Result<> Authorize(const identity::RequestPrincipal& principal, std::string_view target_arn,
                     const identity::ConditionKeys& keys) const override;
  // Errors: ResourceNotFoundException; InvalidRequestContentException and RequestEntityTooLargeException for a body that is no
  // event; a Fault of the queue (retryable).
  Task<Result<>> Deliver(Context& ctx, const delivery::Delivery& delivery) override;
  size_t body_bytes_max() const override { return kAsyncPayloadBytesMax; }

 private:
  EventQueue* events_;
  const catalog::FunctionCatalog* catalog_;
  const catalog::Access* access_;
};

}  // namespace mayfly::invoke
