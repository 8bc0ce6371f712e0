// A function, as it was named, among the metrics.
#pragma once

#include "catalog/function_reference.h"
#include "telemetry/metrics.h"

namespace mayfly::invoke {

// Views into `function`.
inline telemetry::MetricScope ScopeOf(const catalog::FunctionReference& function) {
  return {.account_id = function.name.account_id, .region = function.name.region, .function_name = function.name.name, .qualifier = function.qualifier};
}

}  // namespace mayfly::invoke
