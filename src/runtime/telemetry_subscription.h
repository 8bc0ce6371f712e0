// What an extension asks for with PUT /2022-07-01/telemetry (Telemetry API) or PUT /2020-08-15/logs (Logs API).
// Source: AWS "Lambda Telemetry API reference", "Lambda Logs API".
#pragma once

#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "runtime/environment_ports.h"
#include "telemetry/platform_record.h"

namespace mayfly::runtime {

enum class TelemetryApi : unsigned char { Telemetry, Logs };

struct TelemetrySubscription {
  telemetry::RecordSchema schema = telemetry::RecordSchema::Telemetry20221213;
  bool platform = false;
  bool function = false;
  bool extension = false;
  // A batch goes out when one of these is reached.
  size_t items_max = 10'000;
  size_t bytes_max = 262'144;
  Duration timeout = std::chrono::seconds(1);
  TelemetryDestination destination;

  bool Wants(telemetry::RecordCategory category) const {
    return category == telemetry::RecordCategory::Platform ? platform : category == telemetry::RecordCategory::Function ? function : extension;
  }
};

// Error: a Fault whose message says what is wrong with the document.
Result<TelemetrySubscription> ParseTelemetrySubscription(std::string_view body, TelemetryApi api);

}  // namespace mayfly::runtime
