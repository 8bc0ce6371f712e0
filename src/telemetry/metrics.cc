#include "telemetry/metrics.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "telemetry/distribution.h"

namespace mayfly::telemetry {
namespace {

constexpr std::string_view kUnitNames[] = {"None", "Count", "Milliseconds", "Seconds", "Bytes", "Percent"};
static_assert(std::size(kUnitNames) == static_cast<size_t>(Unit::Percent) + 1);

// A word begins where a capital follows a small letter or a digit, and where a small letter follows the last of several capitals:
// "Url4xxError" becomes "url4xx_error", "MappingUUID" "mapping_uuid". What is no letter or digit ("AWS/Lambda") becomes "_".
void AppendSnakeCase(std::string_view name, std::string& out) {
  for (size_t i = 0; i < name.size(); ++i) {
    const bool begins = IsUpperCase(name[i]) && i > 0 && IsAlphanumeric(name[i - 1]) &&
                        (!IsUpperCase(name[i - 1]) || (i + 1 < name.size() && IsLowerCase(name[i + 1])));
    if (begins) out += '_';
    out += IsAlphanumeric(name[i]) ? LowerCase(name[i]) : '_';
  }
}

std::string FamilyOf(const Metric& metric) {
  std::string family;
  AppendSnakeCase(metric.name_space(), family);
  family += '_';
  AppendSnakeCase(metric.name(), family);
  return family;
}

// Names of resources, regions and accounts hold nothing that a label must escape; what is not such a character goes.
void AppendLabel(std::string_view name, std::string_view value, std::string& out) {
  out += out.empty() ? "" : ",";
  AppendSnakeCase(name, out);
  out += "=\"";
  const auto begin = static_cast<std::ptrdiff_t>(out.size());
  out += value;
  const auto unfit = [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; };
  out.erase(std::remove_if(out.begin() + begin, out.end(), unfit), out.end());
  out += '"';
}

// A set's labels, which are also its key: those of the account first, then one dimension after the other.
std::string LabelsOf(const MetricOwner& owner, Dimensions dimensions) {
  std::string labels;
  labels.reserve(192);
  AppendLabel("account", owner.account_id, labels);
  AppendLabel("region", owner.region, labels);
  for (const Dimension& dimension : dimensions) AppendLabel(dimension.name, dimension.value, labels);
  return labels;
}

}  // namespace

std::string_view NameOf(Unit unit) { return kUnitNames[static_cast<size_t>(unit)]; }

void Statistic::Add(double value) {
  minimum = count == 0 ? value : std::min(minimum, value);
  maximum = count == 0 ? value : std::max(maximum, value);
  sum += value;
  ++count;
}

// Few figures of each set are ever used, so they stand in a short list.
struct Metrics::DimensionSet {
  struct Figure {
    const Metric* metric;
    Statistic statistic;
    std::unique_ptr<Distribution> distribution;  // of those that have one

    void Add(double value) {
      statistic.Add(value);
      if (distribution) distribution->Add(value);
    }
  };
  std::vector<Figure> figures;

  const Statistic* Find(const Metric& metric) const {
    for (const Figure& figure : figures) {
      if (figure.metric == &metric) return &figure.statistic;
    }
    return nullptr;
  }
  void Add(const Metric& metric, double value) {
    for (Figure& figure : figures) {
      if (figure.metric == &metric) return figure.Add(value);
    }
    Figure figure{.metric = &metric, .statistic = {}, .distribution = nullptr};
    if (metric.values() == Metric::Values::Distributed) figure.distribution = std::make_unique<Distribution>();
    figures.push_back(std::move(figure));
    figures.back().Add(value);
  }
};

namespace {

// As Prometheus writes histograms: of all values up to a bound.
void AppendBuckets(std::string_view family, std::string_view labels, const Distribution& distribution, std::string& text) {
  uint64_t below = 0;
  for (size_t i = 0; i < Distribution::kBuckets; ++i) {
    if (distribution.count(i) == 0) continue;
    below += distribution.count(i);
    fmt::format_to(std::back_inserter(text), "{}_bucket{{{},le=\"{:.6g}\"}} {}\n", family, labels, Distribution::BoundOf(i), below);
  }
  fmt::format_to(std::back_inserter(text), "{}_bucket{{{},le=\"+Inf\"}} {}\n", family, labels, below);
}

}  // namespace

void Metrics::Series::Add(const Metric& metric, double value) const {
  for (const auto& set : sets_) {
    if (set) set->Add(metric, value);
  }
}

void Metrics::Series::AddToResource(const Metric& metric, double value) const {
  for (const auto& set : std::span(sets_).subspan(1)) {
    if (set) set->Add(metric, value);
  }
}

void Metrics::Series::AddToAccount(const Metric& metric, double value) const {
  if (sets_[0]) sets_[0]->Add(metric, value);
}

std::shared_ptr<Metrics::DimensionSet> Metrics::FindOrMake(const std::string& labels) {
  strand_.Check();
  if (const auto found = sets_.find(labels); found != sets_.end()) return found->second;
  if (sets_.size() >= kDimensionSetsMax) {
    ++sets_refused_;
    return nullptr;
  }
  return sets_.emplace(labels, std::make_shared<DimensionSet>()).first->second;
}

Metrics::Series Metrics::Of(const MetricOwner& owner, Dimensions dimensions) {
  MF_ASSERT(dimensions.size() <= kDimensionsMax);
  Series series;
  series.sets_[dimensions.size()] = FindOrMake(LabelsOf(owner, dimensions));
  return series;
}

Metrics::Series Metrics::OfEach(const MetricOwner& owner, Dimensions dimensions) {
  MF_ASSERT(dimensions.size() <= kDimensionsMax);
  Series series;
  std::string labels = LabelsOf(owner, {});
  series.sets_[0] = FindOrMake(labels);
  for (size_t i = 0; i < dimensions.size(); ++i) {
    AppendLabel(dimensions[i].name, dimensions[i].value, labels);
    series.sets_[i + 1] = FindOrMake(labels);
  }
  return series;
}

std::optional<Statistic> Metrics::Find(const Metric& metric, const MetricOwner& owner, Dimensions dimensions) const {
  strand_.Check();
  const auto set = sets_.find(LabelsOf(owner, dimensions));
  if (set == sets_.end()) return std::nullopt;
  const Statistic* figure = set->second->Find(metric);
  return figure ? std::optional(*figure) : std::nullopt;
}

std::string Metrics::WriteText(std::string_view account_id) const {
  strand_.Check();
  std::string of_account;
  if (!account_id.empty()) {
    AppendLabel("account", account_id, of_account);
    of_account += ',';
  }
  // A family stands together, as the format wants it.
  std::map<const Metric*, std::vector<std::pair<const std::string*, const DimensionSet::Figure*>>> families;
  for (const auto& [labels, set] : sets_) {
    if (!labels.starts_with(of_account)) continue;
    for (const DimensionSet::Figure& figure : set->figures) families[figure.metric].emplace_back(&labels, &figure);
  }
  std::string text;
  for (const auto& [metric, figures] : families) {
    const std::string family = FamilyOf(*metric);
    for (const auto& [labels, figure] : figures) {
      fmt::format_to(std::back_inserter(text), "{0}_sum{{{1}}} {2}\n{0}_count{{{1}}} {3}\n{0}_min{{{1}}} {4}\n{0}_max{{{1}}} {5}\n", family, *labels,
                     figure->statistic.sum, figure->statistic.count, figure->statistic.minimum, figure->statistic.maximum);
      if (figure->distribution) AppendBuckets(family, *labels, *figure->distribution, text);
    }
  }
  if (account_id.empty() && sets_refused_ > 0) fmt::format_to(std::back_inserter(text), "mayfly_metrics_sets_refused {}\n", sets_refused_);
  return text;
}

void Metrics::Clear() {
  strand_.Check();
  sets_.clear();
  sets_refused_ = 0;
}

}  // namespace mayfly::telemetry
