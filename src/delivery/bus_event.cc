#include "delivery/bus_event.h"

#include <fmt/format.h>

#include "base/text.h"
#include "identity/arn.h"

namespace mayfly::delivery {
namespace {

// Names of the attributes that carry what stands around the body.
constexpr std::string_view kId = "bus:id";
constexpr std::string_view kSource = "bus:source";
constexpr std::string_view kTime = "bus:time";  // milliseconds since 1970
constexpr std::string_view kResource = "bus:resource";
constexpr std::string_view kAccount = "bus:account";
constexpr std::string_view kRegion = "bus:region";

void AddField(Delivery& delivery, std::string_view name, std::string value) {
  if (value.empty()) return;
  DeliveryAttribute& attribute = delivery.attributes.emplace_back();
  attribute.name = name;
  attribute.value = std::move(value);
}

void ReadField(const DeliveryAttribute& field, BusEvent& event) {
  if (field.name == kId) event.id = field.value;
  if (field.name == kSource) event.source = field.value;
  if (field.name == kAccount) event.account_id = field.value;
  if (field.name == kRegion) event.region = field.value;
  if (field.name == kResource) event.resources.push_back(field.value);
  if (field.name == kTime) event.time = WallTime(std::chrono::milliseconds(ParseNumber<int64_t>(field.value).value_or(0)));
}

}  // namespace

std::string BusArn(std::string_view account_id, std::string_view region, std::string_view name) {
  return fmt::format("arn:{}:events:{}:{}:event-bus/{}", identity::PartitionOf(region), region, account_id, name);
}

bool IsBusArn(std::string_view arn) {
  const auto parsed = identity::ParseArn(arn);
  return parsed && parsed->service == "events" && parsed->resource.starts_with("event-bus/");
}

void AddBusFields(Delivery& delivery, const BusEvent& event) {
  MF_ASSERT(event.resources.size() <= kBusResourcesMax);
  AddField(delivery, kId, event.id);
  AddField(delivery, kSource, event.source);
  AddField(delivery, kTime, std::to_string(ToEpochMillis(event.time)));
  for (const std::string& resource : event.resources) AddField(delivery, kResource, resource);
  AddField(delivery, kAccount, event.account_id);
  AddField(delivery, kRegion, event.region);
}

Delivery MakeBusDelivery(BusEvent event, DeliveryPrincipal principal) {
  Delivery delivery{.id = event.id, .target_arn = BusArn(event.account_id, event.region, "default"), .body = std::move(event.detail)};
  delivery.source_arn = event.resources.empty() ? std::string() : event.resources.front();
  delivery.principal = std::move(principal);
  delivery.detail_type = event.detail_type;
  AddBusFields(delivery, event);
  return delivery;
}

BusEvent ReadBusEvent(const Delivery& delivery, WallTime now) {
  BusEvent event{.id = delivery.id, .source = {}, .detail_type = delivery.detail_type, .account_id = delivery.principal.account_id, .region = {},
                 .time = now, .resources = {}, .detail = delivery.body};
  if (const auto target = identity::ParseArn(delivery.target_arn)) event.region = target->region;
  for (const DeliveryAttribute& field : delivery.attributes) ReadField(field, event);
  if (event.resources.empty() && !delivery.source_arn.empty()) event.resources.push_back(delivery.source_arn);
  const auto source = identity::ParseArn(delivery.source_arn);
  if (event.source.empty() && source) event.source = source->service;
  return event;
}

}  // namespace mayfly::delivery
