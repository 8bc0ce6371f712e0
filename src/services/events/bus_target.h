// BusTarget: what deliveries to arn:aws:events:… reach: API destinations (destination_target.h), and buses: of other rules, of services that put events of their own onto the default bus, of destinations
// of functions.
#pragma once

#include "delivery/target_router.h"
#include "services/events/destination_target.h"
#include "services/events/publisher.h"

namespace mayfly::events {

class BusTarget final : public delivery::Target {
 public:
  // All outlive it.
  BusTarget(const Clock& clock, const EventTables& tables, const Authorizer& authorizer, Publisher& publisher, DestinationTarget& destinations)
      : clock_(&clock), tables_(&tables), authorizer_(&authorizer), publisher_(&publisher), destinations_(&destinations) {}

  // May it put events onto the bus? A service may for whoever the bus belongs to. Errors: AccessDeniedException, ResourceNotFoundException.
  Result<> Authorize(const identity::RequestPrincipal& principal, std::string_view target_arn, const identity::ConditionKeys& keys) const override;
  // Success: what the event leads to is owed. Errors: ResourceNotFoundException; "MalformedDetail"; a Fault of the store (retryable).
  Task<Result<>> Deliver(Context& ctx, const delivery::Delivery& delivery) override;
  size_t body_bytes_max() const override { return kEventBytesMax; }

  static constexpr size_t kEventBytesMax = 1'000'000;

 private:
  const Clock* clock_;
  const EventTables* tables_;
  const Authorizer* authorizer_;
  Publisher* publisher_;
  DestinationTarget* destinations_;
};

}  // namespace mayfly::events
