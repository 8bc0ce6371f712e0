// InvocationMetrics: what invocations add to the figures of namespace AWS/Lambda.
//
// One per Invoker, on its strand. A version's Series are made when it is first invoked by a name, and kept with what the
// Invoker keeps of the version: a warm invocation looks nothing up.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/function_catalog.h"
#include "invoke/admission.h"
#include "invoke/function_metrics.h"
#include "invoke/provisioner.h"
#include "runtime/invocation.h"

namespace mayfly::invoke {

class InvocationMetrics {
 public:
  using Series = std::shared_ptr<telemetry::Metrics::Series>;
  // Of one version, by the qualifier that it was invoked with.
  struct Names {
    std::vector<std::pair<std::string, Series>> series;
    uint64_t generation = 0;
  };

  // Both outlive it.
  InvocationMetrics(telemetry::Metrics& metrics, const catalog::FunctionCatalog& catalog) : metrics_(&metrics), catalog_(&catalog) {}

  // `invoked_arn`: as the caller named the function, with its qualifier if there was one.
  Series Find(Names& names, const catalog::Function& version, std::string_view invoked_arn) const;
  // An alias has come to name other versions, or the figures began anew: series are made again.
  void Renew() { ++generation_; }

  // The invocation is refused.
  static void Throttle(const Series& series) { series->Add(metric::kThrottles); }
  // It runs from now on. `use`: of what is provisioned for its version before it began; nothing when none is.
  static void Begin(const Series& series, int function_running, const Admission::AccountUse& account);
  static void UseProvisioned(const Series& series, InitializationType initialization, Provisioner::Use use);
  static void End(const Series& series, const runtime::InvokeOutcome& outcome);

 private:
  telemetry::Metrics* metrics_;
  const catalog::FunctionCatalog* catalog_;
  uint64_t generation_ = 1;
};

}  // namespace mayfly::invoke
