// The environments of each function as figures of /_mayfly/metrics, beside what services count (telemetry/metrics.h).
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "runtime/environment_manager.h"

namespace mayfly::edge {

// In Prometheus' text format, with the labels that the function's other figures have: mayfly_environments, mayfly_environments_idle,
// mayfly_environments_memory_bytes. `account_id`: only of this one; "" for all. Pure.
std::string WriteEnvironmentFigures(const std::map<std::string, runtime::FunctionUse>& uses, std::string_view account_id);

}  // namespace mayfly::edge
