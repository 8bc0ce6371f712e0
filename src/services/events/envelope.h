// Event: an event on a bus, and its envelope as targets get it. Source: AWS "Events in Amazon EventBridge".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "delivery/bus_event.h"

namespace mayfly::events {

struct Event {
  std::string id;
  std::string source;
  std::string detail_type;
  std::string account_id;  // the sender's
  std::string region;
  WallTime time{};
  std::vector<std::string> resources;
  json::Value detail{json::Object()};
  std::string trace_header;
};

// {"version":"0","id":…,"detail-type":…,"source":…,"account":…,"time":…,"region":…,"resources":[…],"detail":{…}}
json::Value EnvelopeOf(const Event& event);
// "2026-11-30T04:51:09Z"
std::string SecondsText(WallTime time);
// Error: Service "MalformedDetail"; the detail is no JSON object.
Result<json::Value> ReadDetail(std::string_view text);

delivery::BusEvent ToBusEvent(const Event& event);
// Error: as ReadDetail.
Result<Event> FromBusEvent(delivery::BusEvent bus_event);

}  // namespace mayfly::events
