#include "services/events/envelope.h"

namespace mayfly::events {

std::string SecondsText(WallTime time) {
  std::string text = FormatIso8601(std::chrono::floor<std::chrono::seconds>(time));
  return text.substr(0, text.find('.')) + 'Z';
}

json::Value EnvelopeOf(const Event& event) {
  json::Object envelope;
  envelope.emplace_back("version", "0");
  envelope.emplace_back("id", event.id);
  envelope.emplace_back("detail-type", event.detail_type);
  envelope.emplace_back("source", event.source);
  envelope.emplace_back("account", event.account_id);
  envelope.emplace_back("time", SecondsText(event.time));
  envelope.emplace_back("region", event.region);
  envelope.emplace_back("resources", json::Array(event.resources.begin(), event.resources.end()));
  envelope.emplace_back("detail", event.detail);
  return envelope;
}

Result<json::Value> ReadDetail(std::string_view text) {
  auto detail = json::Parse(text);
  if (detail && detail->is_object()) return std::move(*detail);
  return Fail(Error::Service("MalformedDetail", "Detail is malformed."));
}

delivery::BusEvent ToBusEvent(const Event& event) {
  return {.id = event.id, .source = event.source, .detail_type = event.detail_type, .account_id = event.account_id, .region = event.region,
          .time = event.time, .resources = event.resources, .detail = json::Write(event.detail)};
}

Result<Event> FromBusEvent(delivery::BusEvent bus_event) {
  MF_TRY(json::Value detail, ReadDetail(bus_event.detail));
  return Event{.id = std::move(bus_event.id), .source = std::move(bus_event.source), .detail_type = std::move(bus_event.detail_type),
               .account_id = std::move(bus_event.account_id), .region = std::move(bus_event.region), .time = bus_event.time,
               .resources = std::move(bus_event.resources), .detail = std::move(detail), .trace_header = {}};
}

}  // namespace mayfly::events
