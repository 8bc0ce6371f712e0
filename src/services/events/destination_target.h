// DestinationTarget: API destinations as targets of deliveries (of rules, of pipes), and for who needs the answer.
// One per daemon, on its strand.
#pragma once

#include "delivery/http_destinations.h"
#include "services/events/authorizer.h"
#include "services/events/destination_caller.h"

namespace mayfly::events {

class DestinationTarget final : public delivery::HttpDestinations {
 public:
  // Both outlive it.
  DestinationTarget(const Authorizer& authorizer, DestinationCaller& caller) : authorizer_(&authorizer), caller_(&caller) {}

  // May it call the destination? Error: AccessDeniedException.
  Result<> Authorize(const identity::RequestPrincipal& principal, std::string_view target_arn, const identity::ConditionKeys& keys) const;
  // Errors: as DestinationCaller::Call.
  Task<Result<>> Deliver(Context& ctx, const delivery::Delivery& delivery);
  Task<Result<std::string>> Invoke(Context& ctx, const delivery::Delivery& delivery) override;

 private:
  const Authorizer* authorizer_;
  DestinationCaller* caller_;
};

}  // namespace mayfly::events
