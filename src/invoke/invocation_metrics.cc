#include "invoke/invocation_metrics.h"

#include <algorithm>

namespace mayfly::invoke {

using telemetry::Metric;

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
  telemetry::MetricScope scope{.account_id = version.name.account_id, .region = version.name.region, .function_name = version.name.name,
                               .qualifier = qualifier};
  const catalog::AliasPointer alias = qualifier.empty() ? nullptr : catalog_->FindAlias(version.name, qualifier);
  if (alias && alias->has_routing()) scope.executed_version = version.version;
  return names.series.emplace_back(qualifier, std::make_shared<telemetry::Metrics::Series>(metrics_->Of(scope))).second;
}

void InvocationMetrics::Begin(const Series& series, int function_running, const Admission::AccountUse& account) {
  series->AddToFunction(Metric::ConcurrentExecutions, function_running);
  series->AddToAccount(Metric::ConcurrentExecutions, account.running);
  series->AddToAccount(Metric::UnreservedConcurrentExecutions, account.unreserved);
  series->AddToAccount(Metric::ClaimedAccountConcurrency, static_cast<double>(account.claimed));
}

void InvocationMetrics::UseProvisioned(const Series& series, InitializationType initialization, Provisioner::Use use) {
  const bool provisioned = initialization == InitializationType::ProvisionedConcurrency;
  if (provisioned) ++use.busy;  // this one
  series->Add(provisioned ? Metric::ProvisionedConcurrencyInvocations : Metric::ProvisionedConcurrencySpilloverInvocations);
  series->Add(Metric::ProvisionedConcurrentExecutions, use.busy);
  if (use.available > 0) series->AddToFunction(Metric::ProvisionedConcurrencyUtilization, static_cast<double>(use.busy) / use.available);
}

void InvocationMetrics::End(const Series& series, const runtime::InvokeOutcome& outcome) {
  series->Add(Metric::Invocations);
  series->Add(Metric::Errors, outcome.function_error ? 1 : 0);
  series->Add(Metric::Duration, ToMillis(outcome.duration));
}

}  // namespace mayfly::invoke
