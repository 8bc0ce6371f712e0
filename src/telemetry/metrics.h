// Metrics: the figures of namespace AWS/Lambda, counted once, where the thing happens, and read by everybody who shows them
// (/_mayfly/metrics now; CloudWatch's API and the console later).
//
// One per daemon, one strand. In memory: figures count from the start of the daemon. What is added to a function counts in each
// of AWS's sets of dimensions: none, FunctionName, FunctionName + Resource, and for an alias with two versions FunctionName +
// Resource + ExecutedVersion. Who is called often keeps a Series and adds to it: no look-up, no allocation.
// Bound: kDimensionSetsMax; what would need a further set counts for the account alone.
//
// Who counts what:
//   invoke::Invoker            Invocations, Errors, Throttles, Duration, ConcurrentExecutions, Provisioned…, UnreservedConcurrentExecutions,
//                              ClaimedAccountConcurrency
//   asynchronous invocation    AsyncEvents…, DeadLetterErrors, DestinationDeliveryFailures, RecursiveInvocationsDropped
//   pollers of mappings        …EventCount
//   function URLs              Url…
// Source: AWS "Types of metrics for Lambda functions".
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace mayfly::telemetry {

enum class Metric : unsigned char {
  Invocations,
  Errors,
  Throttles,
  Duration,  // ms
  ConcurrentExecutions,
  UnreservedConcurrentExecutions,
  ClaimedAccountConcurrency,
  ProvisionedConcurrencyInvocations,
  ProvisionedConcurrencySpilloverInvocations,
  ProvisionedConcurrentExecutions,
  ProvisionedConcurrencyUtilization,  // 0 to 1
  AsyncEventsReceived,
  AsyncEventAge,  // ms
  AsyncEventsDropped,
  DeadLetterErrors,
  DestinationDeliveryFailures,
  RecursiveInvocationsDropped,
  PolledEventCount,
  FilteredOutEventCount,
  InvokedEventCount,
  FailedInvokeEventCount,
  DeletedEventCount,
  OnFailureDestinationDeliveredEventCount,
  UrlRequestCount,
  Url4xxError,
  Url5xxError,
  UrlRequestLatency,  // ms
};
std::string_view NameOf(Metric metric);

struct Statistic {
  double sum = 0;
  uint64_t count = 0;  // how often it was added to
  double minimum = 0;
  double maximum = 0;

  void Add(double value);
};

// A function as an invocation named it.
struct MetricScope {
  std::string_view account_id;
  std::string_view region;
  std::string_view function_name;
  std::string_view qualifier;         // a version or alias; "" for none
  std::string_view executed_version;  // only for an alias with two versions
};

class Metrics {
  struct DimensionSet;

 public:
  // The sets of dimensions that one scope counts in. Cheap to copy; may outlive Clear(), which it then adds to nothing that is shown.
  class Series {
   public:
    void Add(Metric metric, double value = 1);
    // Of figures that are another for the account than for the function: only in the sets that name the function …
    void AddToFunction(Metric metric, double value);
    // … and only in the account's.
    void AddToAccount(Metric metric, double value);

   private:
    friend class Metrics;
    std::array<std::shared_ptr<DimensionSet>, 4> sets_;
  };

  Series Of(const MetricScope& scope);
  // Figures without a function: of an account in a region.
  Series OfAccount(std::string_view account_id, std::string_view region);
  // Figures of an event source mapping.
  Series OfMapping(std::string_view account_id, std::string_view region, std::string_view uuid);

  // The figure of exactly this set: all of scope's members that are not empty are its dimensions. Absent: nothing was added yet.
  std::optional<Statistic> Find(Metric metric, const MetricScope& scope) const;
  std::optional<Statistic> FindMapping(Metric metric, std::string_view account_id, std::string_view region, std::string_view uuid) const;
  // All of them in Prometheus' text format: aws_lambda_invocations_sum{account="…",region="…",function_name="…"} 5, and
  // …_count, …_min, …_max likewise.
  std::string WriteText() const;
  void Clear();

 private:
  // Of kDimensionSetsMax. Accounts are few and always counted.
  enum class Bound { Obeyed, Ignored };
  std::shared_ptr<DimensionSet> FindOrMake(const std::string& labels, Bound bound);
  std::optional<Statistic> FindIn(const std::string& key, Metric metric) const;

  std::unordered_map<std::string, std::shared_ptr<DimensionSet>> sets_;
};

inline constexpr size_t kDimensionSetsMax = 200'000;

}  // namespace mayfly::telemetry
