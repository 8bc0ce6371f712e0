// PutEvents, TestEventPattern.
#include <fmt/format.h>

#include "services/events/bus_target.h"
#include "services/events/events_api.h"

namespace mayfly::events {
namespace {

constexpr size_t kTimeBytes = 14;  // what AWS counts for an entry's time

size_t BytesOf(const PutEventsRequestEntry& entry) {
  size_t bytes = (entry.time ? kTimeBytes : 0) + entry.source.value_or("").size() + entry.detail_type.value_or("").size() + entry.detail.value_or("").size();
  for (const std::string& resource : entry.resources.value_or(std::vector<std::string>())) bytes += resource.size();
  return bytes;
}

Result<> CheckSize(const PutEventsRequest& request) {
  size_t bytes = 0;
  for (const PutEventsRequestEntry& entry : request.entries) bytes += BytesOf(entry);
  return bytes <= BusTarget::kEventBytesMax ? Result<>() : Fail(Invalid("Total size of the entries in the request is over the limit."));
}

Result<> CheckGiven(std::string_view name, const std::optional<std::string>& value) {
  if (value && !value->empty()) return {};
  return Fail(Error::Service("InvalidArgument", fmt::format("Parameter {0} is not valid. Reason: {0} is a required argument.", name)));
}

Result<> CheckEntry(const PutEventsRequestEntry& entry) {
  MF_TRY_VOID(CheckGiven("Source", entry.source));
  MF_TRY_VOID(CheckGiven("DetailType", entry.detail_type));
  MF_TRY_VOID(CheckGiven("Detail", entry.detail));
  if (entry.source->starts_with("aws.")) return Fail(Error::Service("NotAuthorizedForSourceException", "Not authorized for the source."));
  if (entry.resources && entry.resources->size() > delivery::kBusResourcesMax) {
    return Fail(Error::Service("InvalidArgument", "Parameter Resources is not valid. Reason: There are too many resources."));
  }
  return {};
}

PutEventsResultEntry Refused(const Error& error) { return {.error_code = error.code, .error_message = error.message}; }

Error InvalidEvent(std::string_view reason) { return Invalid(fmt::format("Parameter Event is not valid. Reason: {}", reason)); }

Result<json::Value> ReadTestEvent(std::string_view text) {
  auto event = json::Parse(text);
  if (!event || !event->is_object()) return Fail(InvalidEvent("The event must be a JSON object."));
  for (const std::string_view field : {"id", "account", "source", "time", "region", "resources", "detail-type"}) {
    if (!event->Find(field)) return Fail(InvalidEvent(fmt::format("The event must contain the field {}.", field)));
  }
  return std::move(*event);
}

}  // namespace

Result<std::optional<Publisher::ToBus>> EventsApi::ReadEntry(Context& ctx, const PutEventsRequestEntry& entry, std::string id) const {
  MF_TRY_VOID(CheckEntry(entry));
  MF_TRY(json::Value detail, ReadDetail(*entry.detail));
  BusName bus = BusOf(ctx, entry.event_bus_name);
  if (!parts_.tables->Has(bus)) return std::nullopt;
  MF_TRY_VOID(parts_.authorizer->Authorize(identity::RequestPrincipal::Of(ctx.principal), "events:PutEvents", bus, bus.Arn()));
  Event event{.id = std::move(id), .source = *entry.source, .detail_type = *entry.detail_type, .account_id = ctx.principal.account_id,
              .region = bus.region, .time = entry.time.value_or(parts_.clock->WallNow()), .resources = entry.resources.value_or(std::vector<std::string>()),
              .detail = std::move(detail), .trace_header = entry.trace_header.value_or(ctx.trace_header)};
  return Publisher::ToBus{std::move(bus), std::move(event)};
}

Task<Result<PutEventsResponse>> EventsApi::PutEvents(Context& ctx, PutEventsRequest request) {
  MF_CO_TRY_VOID(CheckSize(request));
  PutEventsResponse response{.failed_entry_count = 0, .entries = std::vector<PutEventsResultEntry>()};
  std::vector<Publisher::ToBus> events;
  for (const PutEventsRequestEntry& entry : request.entries) {
    const std::string id = parts_.random->Uuid();
    auto read = ReadEntry(ctx, entry, id);
    response.entries->push_back(read ? PutEventsResultEntry{.event_id = id} : Refused(read.error()));
    if (!read) ++*response.failed_entry_count;
    else if (*read) events.push_back(std::move(**read));
  }
  MF_CO_TRY_VOID(co_await parts_.publisher->Publish(ctx, std::move(events)));
  co_return response;
}

Task<Result<TestEventPatternResponse>> EventsApi::TestEventPattern(Context&, TestEventPatternRequest request) {
  MF_CO_TRY(const auto pattern, patterns::EventPattern::Compile(request.event_pattern, kEventDialect));
  MF_CO_TRY(const json::Value event, ReadTestEvent(request.event));
  co_return TestEventPatternResponse{.result = pattern.Matches(event)};
}

}  // namespace mayfly::events
