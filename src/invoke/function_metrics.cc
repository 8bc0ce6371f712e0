#include "invoke/function_metrics.h"

#include <fmt/format.h>

namespace mayfly::invoke {

using telemetry::Dimension;
using telemetry::Dimensions;
using telemetry::Metrics;

Metrics::Series SeriesOf(Metrics& metrics, const catalog::FunctionName& function, std::string_view qualifier, std::string_view executed_version) {
  const std::string resource = qualifier.empty() ? function.name : fmt::format("{}:{}", function.name, qualifier);
  const Dimension dimensions[] = {{"FunctionName", function.name}, {"Resource", resource}, {"ExecutedVersion", executed_version}};
  return metrics.OfEach({.account_id = function.account_id, .region = function.region}, Dimensions(dimensions).first(executed_version.empty() ? 2 : 3));
}

Metrics::Series SeriesOf(Metrics& metrics, const catalog::FunctionReference& function) { return SeriesOf(metrics, function.name, function.qualifier); }

Metrics::Series SeriesOfMapping(Metrics& metrics, const telemetry::MetricOwner& owner, std::string_view uuid) {
  const Dimension dimensions[] = {{"EventSourceMappingUUID", uuid}};
  return metrics.Of(owner, dimensions);
}

}  // namespace mayfly::invoke
