#include "invoke/invocation_metrics.h"

#include <algorithm>

namespace mayfly::invoke {

namespace {

// What follows the seventh part of arn:aws:lambda:REGION:ACCOUNT:function:NAME; "" when nothing does.
std::string_view QualifierOf(std::string_view arn) {
  size_t at = 0;
  for (int part = 0; part < 7; ++part) {
    at = arn.find(':', at);
    if (at == std::string_view::npos) return {};
    ++at;
  }
  return arn.substr(at);
}

}  // namespace

InvocationMetrics::Series InvocationMetrics::Find(Names& names, const catalog::Function& version, std::string_view invoked_arn) const {
  const std::string_view qualifier = QualifierOf(invoked_arn);
  if (names.generation != generation_) names = {.generation = generation_};
  for (const auto& [name, series] : names.series) {
    if (name == qualifier) return series;
  }
  const catalog::AliasPointer alias = qualifier.empty() ? nullptr : catalog_->FindAlias(version.name, qualifier);
  const std::string_view executed_version = alias && alias->has_routing() ? version.version : std::string_view();
  return names.series.emplace_back(qualifier, std::make_shared<telemetry::Metrics::Series>(SeriesOf(*metrics_, version.name, qualifier, executed_version))).second;
}

void InvocationMetrics::Begin(const Series& series, int function_running, const Admission::AccountUse& account) {
  series->AddToResource(metric::kConcurrentExecutions, function_running);
  series->AddToAccount(metric::kConcurrentExecutions, account.running);
  series->AddToAccount(metric::kUnreservedConcurrentExecutions, account.unreserved);
  series->AddToAccount(metric::kClaimedAccountConcurrency, static_cast<double>(account.claimed));
}

void InvocationMetrics::UseProvisioned(const Series& series, InitializationType initialization, Provisioner::Use use) {
  const bool provisioned = initialization == InitializationType::ProvisionedConcurrency;
  if (provisioned) ++use.busy;  // this one
  series->Add(provisioned ? metric::kProvisionedConcurrencyInvocations : metric::kProvisionedConcurrencySpilloverInvocations);
  series->Add(metric::kProvisionedConcurrentExecutions, use.busy);
  if (use.available > 0) series->AddToResource(metric::kProvisionedConcurrencyUtilization, static_cast<double>(use.busy) / use.available);
}

void InvocationMetrics::End(const Series& series, const runtime::InvokeOutcome& outcome) {
  series->Add(metric::kInvocations);
  series->Add(metric::kErrors, outcome.function_error ? 1 : 0);
  series->Add(metric::kDuration, ToMillis(outcome.duration));
  if (outcome.max_memory_mib == 0) return;
  series->Add(metric::kMaxMemoryUsed, static_cast<double>(int64_t{outcome.max_memory_mib} << 20));
  series->Add(metric::kPrivateMemoryUsed, static_cast<double>(int64_t{outcome.private_memory_mib} << 20));
}

}  // namespace mayfly::invoke
