// What is counted of functions and of event source mappings: the figures of namespace AWS/Lambda, and the dimensions they stand under.
//
// Who counts what:
//   invoke::Invoker            Invocations, Errors, Throttles, Duration, MaxMemoryUsed, PrivateMemoryUsed, ConcurrentExecutions, Provisioned…, UnreservedConcurrentExecutions,
//                              ClaimedAccountConcurrency
//   asynchronous invocation    AsyncEvents…, DeadLetterErrors, DestinationDeliveryFailures, RecursiveInvocationsDropped
//   pollers of mappings        …EventCount
// Source: AWS "Types of metrics for Lambda functions".
#pragma once

#include <string_view>

#include "catalog/function_reference.h"
#include "telemetry/metrics.h"

namespace mayfly::invoke {

namespace metric {

using telemetry::Metric;
using telemetry::Unit;
inline constexpr std::string_view kNamespace = "AWS/Lambda";

inline constexpr Metric kInvocations{kNamespace, "Invocations", Unit::Count};
inline constexpr Metric kErrors{kNamespace, "Errors", Unit::Count};
inline constexpr Metric kThrottles{kNamespace, "Throttles", Unit::Count};
inline constexpr Metric kDuration{kNamespace, "Duration", Unit::Milliseconds, Metric::Values::Distributed};
inline constexpr Metric kMaxMemoryUsed{kNamespace, "MaxMemoryUsed", Unit::Bytes};          // Mayfly's own: what the REPORT line says
inline constexpr Metric kPrivateMemoryUsed{kNamespace, "PrivateMemoryUsed", Unit::Bytes};  // of that, what is shared with no other environment
inline constexpr Metric kConcurrentExecutions{kNamespace, "ConcurrentExecutions", Unit::Count};
inline constexpr Metric kUnreservedConcurrentExecutions{kNamespace, "UnreservedConcurrentExecutions", Unit::Count};
inline constexpr Metric kClaimedAccountConcurrency{kNamespace, "ClaimedAccountConcurrency", Unit::Count};
inline constexpr Metric kProvisionedConcurrencyInvocations{kNamespace, "ProvisionedConcurrencyInvocations", Unit::Count};
inline constexpr Metric kProvisionedConcurrencySpilloverInvocations{kNamespace, "ProvisionedConcurrencySpilloverInvocations", Unit::Count};
inline constexpr Metric kProvisionedConcurrentExecutions{kNamespace, "ProvisionedConcurrentExecutions", Unit::Count};
inline constexpr Metric kProvisionedConcurrencyUtilization{kNamespace, "ProvisionedConcurrencyUtilization", Unit::Count};  // 0 to 1
inline constexpr Metric kAsyncEventsReceived{kNamespace, "AsyncEventsReceived", Unit::Count};
inline constexpr Metric kAsyncEventAge{kNamespace, "AsyncEventAge", Unit::Milliseconds};
inline constexpr Metric kAsyncEventsDropped{kNamespace, "AsyncEventsDropped", Unit::Count};
inline constexpr Metric kDeadLetterErrors{kNamespace, "DeadLetterErrors", Unit::Count};
inline constexpr Metric kDestinationDeliveryFailures{kNamespace, "DestinationDeliveryFailures", Unit::Count};
inline constexpr Metric kRecursiveInvocationsDropped{kNamespace, "RecursiveInvocationsDropped", Unit::Count};
inline constexpr Metric kPolledEventCount{kNamespace, "PolledEventCount", Unit::Count};
inline constexpr Metric kFilteredOutEventCount{kNamespace, "FilteredOutEventCount", Unit::Count};
inline constexpr Metric kInvokedEventCount{kNamespace, "InvokedEventCount", Unit::Count};
inline constexpr Metric kFailedInvokeEventCount{kNamespace, "FailedInvokeEventCount", Unit::Count};
inline constexpr Metric kDeletedEventCount{kNamespace, "DeletedEventCount", Unit::Count};

}  // namespace metric

// The sets of a function that was named with this qualifier, a version or alias; "" for none. `executed_version`: of an alias with
// two versions the one that ran, else "".
telemetry::Metrics::Series SeriesOf(telemetry::Metrics& metrics, const catalog::FunctionName& function, std::string_view qualifier,
                                    std::string_view executed_version = {});
telemetry::Metrics::Series SeriesOf(telemetry::Metrics& metrics, const catalog::FunctionReference& function);
// Of an event source mapping.
telemetry::Metrics::Series SeriesOfMapping(telemetry::Metrics& metrics, const telemetry::MetricOwner& owner, std::string_view uuid);

}  // namespace mayfly::invoke
