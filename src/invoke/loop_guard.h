// LoopGuard: stops functions that invoke themselves in a loop, unless their recursion configuration allows it (lineage.h).
#pragma once

#include "catalog/tables.h"
#include "invoke/function_metrics.h"
#include "invoke/lineage.h"

namespace mayfly::invoke {

inline constexpr std::string_view kLoopMessage =
    "Lambda has detected your function being invoked in a recursive loop with other Amazon Web Services resources and stopped your "
    "function's invocation.";

// One per daemon, on its strand. Callers: whoever invokes for somebody who waits (Enter), EventDispatcher (Forbids).
class LoopGuard {
 public:
  LoopGuard(const catalog::Tables& tables, telemetry::Metrics& metrics) : tables_(&tables), metrics_(&metrics) {}

  // The trace header for an invocation of the function, with this hop in its lineage.
  // Error: RecursiveInvocationException; RecursiveInvocationsDropped has been counted.
  Result<std::string> Enter(const catalog::FunctionReference& function, std::string_view trace_header) const {
    Hop hop = AddHop(trace_header, function.name.Arn());
    if (!hop.is_loop() || IsAllowed(function)) return std::move(hop.trace_header);
    SeriesOf(*metrics_, function).Add(metric::kRecursiveInvocationsDropped);
    return Fail(Error::Service("RecursiveInvocationException", std::string(kLoopMessage)));
  }
  // Whether an invocation whose hop is in `trace_header` already must not happen; counted as above.
  bool Forbids(const catalog::FunctionReference& function, std::string_view trace_header) const {
    if (!IsLoop(trace_header, function.name.Arn()) || IsAllowed(function)) return false;
    SeriesOf(*metrics_, function).Add(metric::kRecursiveInvocationsDropped);
    return true;
  }

 private:
  bool IsAllowed(const catalog::FunctionReference& function) const {
    const auto config = tables_->recursion_configs.Find(catalog::SettingOwner{function.name}.Key());
    return config && config->recursive_loop == "Allow";
  }

  const catalog::Tables* tables_;
  telemetry::Metrics* metrics_;
};

}  // namespace mayfly::invoke
