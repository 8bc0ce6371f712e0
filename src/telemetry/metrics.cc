#include "telemetry/metrics.h"

#include <algorithm>
#include <iterator>

#include <span>

#include <fmt/format.h>

namespace mayfly::telemetry {
namespace {

constexpr std::string_view kNames[] = {
    "Invocations",
    "Errors",
    "Throttles",
    "Duration",
    "ConcurrentExecutions",
    "UnreservedConcurrentExecutions",
    "ClaimedAccountConcurrency",
    "ProvisionedConcurrencyInvocations",
    "ProvisionedConcurrencySpilloverInvocations",
    "ProvisionedConcurrentExecutions",
    "ProvisionedConcurrencyUtilization",
    "AsyncEventsReceived",
    "AsyncEventAge",
    "AsyncEventsDropped",
    "DeadLetterErrors",
    "DestinationDeliveryFailures",
    "RecursiveInvocationsDropped",
    "PolledEventCount",
    "FilteredOutEventCount",
    "InvokedEventCount",
    "FailedInvokeEventCount",
    "DeletedEventCount",
    "OnFailureDestinationDeliveredEventCount",
    "UrlRequestCount",
    "Url4xxError",
    "Url5xxError",
    "UrlRequestLatency",
};
static_assert(std::size(kNames) == static_cast<size_t>(Metric::UrlRequestLatency) + 1);

constexpr std::string_view kFunctionName = "function_name";
constexpr std::string_view kResource = "resource";
constexpr std::string_view kExecutedVersion = "executed_version";
constexpr std::string_view kMapping = "event_source_mapping_uuid";

// "Url4xxError" becomes "url4xx_error".
std::string SnakeCase(std::string_view name) {
  std::string snake;
  for (const char c : name) {
    const bool is_upper = c >= 'A' && c <= 'Z';
    if (is_upper && !snake.empty()) snake += '_';
    snake += is_upper ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return snake;
}

// Names of functions, aliases, regions and accounts hold nothing that a label must escape; what is not such a character goes.
void AppendLabel(std::string_view name, std::string_view value, std::string& out) {
  out += out.empty() ? "" : ",";
  out += name;
  out += "=\"";
  const auto begin = static_cast<std::ptrdiff_t>(out.size());
  out += value;
  const auto unfit = [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; };
  out.erase(std::remove_if(out.begin() + begin, out.end(), unfit), out.end());
  out += '"';
}

// A set's labels, which are also its key: those of the account first, then one dimension after the other.
std::string AccountLabels(std::string_view account_id, std::string_view region) {
  std::string labels;
  labels.reserve(192);
  AppendLabel("account", account_id, labels);
  AppendLabel("region", region, labels);
  return labels;
}

std::string MappingLabels(std::string_view account_id, std::string_view region, std::string_view uuid) {
  std::string labels = AccountLabels(account_id, region);
  AppendLabel(kMapping, uuid, labels);
  return labels;
}

std::string ResourceOf(const MetricScope& scope) {
  return scope.qualifier.empty() ? std::string(scope.function_name) : fmt::format("{}:{}", scope.function_name, scope.qualifier);
}

}  // namespace

std::string_view NameOf(Metric metric) { return kNames[static_cast<size_t>(metric)]; }

void Statistic::Add(double value) {
  minimum = count == 0 ? value : std::min(minimum, value);
  maximum = count == 0 ? value : std::max(maximum, value);
  sum += value;
  ++count;
}

// Few figures of each set are ever used, so they stand in a short list.
struct Metrics::DimensionSet {
  std::vector<std::pair<Metric, Statistic>> figures;

  Statistic& At(Metric metric) {
    for (auto& [known, figure] : figures) {
      if (known == metric) return figure;
    }
    return figures.emplace_back(metric, Statistic()).second;
  }
};

void Metrics::Series::Add(Metric metric, double value) {
  for (const auto& set : sets_) {
    if (set) set->At(metric).Add(value);
  }
}

void Metrics::Series::AddToFunction(Metric metric, double value) {
  for (const auto& set : std::span(sets_).subspan(1)) {
    if (set) set->At(metric).Add(value);
  }
}

void Metrics::Series::AddToAccount(Metric metric, double value) {
  if (sets_[0]) sets_[0]->At(metric).Add(value);
}

std::shared_ptr<Metrics::DimensionSet> Metrics::FindOrMake(const std::string& labels, Bound bound) {
  if (const auto found = sets_.find(labels); found != sets_.end()) return found->second;
  if (bound == Bound::Obeyed && sets_.size() >= kDimensionSetsMax) return nullptr;
  return sets_.emplace(labels, std::make_shared<DimensionSet>()).first->second;
}

Metrics::Series Metrics::Of(const MetricScope& scope) {
  Series series;
  std::string labels = AccountLabels(scope.account_id, scope.region);
  series.sets_[0] = FindOrMake(labels, Bound::Ignored);
  AppendLabel(kFunctionName, scope.function_name, labels);
  series.sets_[1] = FindOrMake(labels, Bound::Obeyed);
  AppendLabel(kResource, ResourceOf(scope), labels);
  series.sets_[2] = FindOrMake(labels, Bound::Obeyed);
  if (!scope.executed_version.empty()) {
    AppendLabel(kExecutedVersion, scope.executed_version, labels);
    series.sets_[3] = FindOrMake(labels, Bound::Obeyed);
  }
  return series;
}

Metrics::Series Metrics::OfAccount(std::string_view account_id, std::string_view region) {
  Series series;
  series.sets_[0] = FindOrMake(AccountLabels(account_id, region), Bound::Ignored);
  return series;
}

Metrics::Series Metrics::OfMapping(std::string_view account_id, std::string_view region, std::string_view uuid) {
  Series series;
  series.sets_[0] = FindOrMake(MappingLabels(account_id, region, uuid), Bound::Obeyed);
  return series;
}

std::optional<Statistic> Metrics::FindIn(const std::string& key, Metric metric) const {
  const auto set = sets_.find(key);
  if (set == sets_.end()) return std::nullopt;
  for (const auto& [known, figure] : set->second->figures) {
    if (known == metric) return figure;
  }
  return std::nullopt;
}

std::optional<Statistic> Metrics::Find(Metric metric, const MetricScope& scope) const {
  std::string labels = AccountLabels(scope.account_id, scope.region);
  if (!scope.function_name.empty()) AppendLabel(kFunctionName, scope.function_name, labels);
  if (!scope.qualifier.empty()) AppendLabel(kResource, ResourceOf(scope), labels);
  if (!scope.executed_version.empty()) AppendLabel(kExecutedVersion, scope.executed_version, labels);
  return FindIn(labels, metric);
}

std::optional<Statistic> Metrics::FindMapping(Metric metric, std::string_view account_id, std::string_view region, std::string_view uuid) const {
  return FindIn(MappingLabels(account_id, region, uuid), metric);
}

std::string Metrics::WriteText() const {
  std::string text;
  // A family stands together, as the format wants it.
  for (size_t i = 0; i < std::size(kNames); ++i) {
    const auto metric = static_cast<Metric>(i);
    const std::string family = "aws_lambda_" + SnakeCase(kNames[i]);
    for (const auto& [labels, set] : sets_) {
      for (const auto& [known, figure] : set->figures) {
        if (known != metric) continue;
        fmt::format_to(std::back_inserter(text), "{0}_sum{{{1}}} {2}\n{0}_count{{{1}}} {3}\n{0}_min{{{1}}} {4}\n{0}_max{{{1}}} {5}\n", family, labels,
                       figure.sum, figure.count, figure.minimum, figure.maximum);
      }
    }
  }
  return text;
}

void Metrics::Clear() { sets_.clear(); }

}  // namespace mayfly::telemetry
