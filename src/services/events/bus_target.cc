#include "services/events/bus_target.h"

#include <fmt/format.h>

namespace mayfly::events {
namespace {

Result<BusName> TargetBus(const EventTables& tables, std::string_view arn) {
  auto bus = ParseBusArn(arn);
  if (!bus) return Fail(Error::Service("UnsupportedTarget", fmt::format("nothing here takes deliveries to {}", arn)));
  if (!tables.Has(*bus)) return Fail(NoBus(bus->name));
  return std::move(*bus);
}

// A service that acts for the account whose bus it is.
bool IsServiceOf(const identity::RequestPrincipal& principal, const identity::ConditionKeys& keys, const BusName& bus) {
  const auto* account = keys.Find("aws:SourceAccount");
  return principal.is_service() && account && account->front() == bus.account_id;
}

}  // namespace

Result<> BusTarget::Authorize(const identity::RequestPrincipal& principal, std::string_view target_arn, const identity::ConditionKeys& keys) const {
  if (delivery::IsApiDestinationArn(target_arn)) return destinations_->Authorize(principal, target_arn, keys);
  MF_TRY(const BusName bus, TargetBus(*tables_, target_arn));
  if (IsServiceOf(principal, keys, bus)) return {};
  return authorizer_->Authorize(principal, "events:PutEvents", bus, target_arn, keys);
}

Task<Result<>> BusTarget::Deliver(Context& ctx, const delivery::Delivery& delivery) {
  if (delivery::IsApiDestinationArn(delivery.target_arn)) co_return co_await destinations_->Deliver(ctx, delivery);
  MF_CO_TRY(BusName bus, TargetBus(*tables_, delivery.target_arn));
  MF_CO_TRY(Event event, FromBusEvent(delivery::ReadBusEvent(delivery, clock_->WallNow())));
  event.trace_header = delivery.trace_header;
  std::vector<Publisher::ToBus> events;
  events.push_back({std::move(bus), std::move(event)});
  auto published = co_await publisher_->Publish(ctx, std::move(events));
  if (!published) published.error().retryable = true;
  co_return published;
}

}  // namespace mayfly::events
