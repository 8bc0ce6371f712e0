// Metrics: the figures that services publish under a namespace, counted once, where the thing happens, and read by everybody who
// shows them (/_mayfly/metrics now; CloudWatch's API and the console later).
//
// One per daemon, on its strand. In memory: figures count from the start of the daemon. A figure is a Metric, declared as a constant
// by whoever counts it; it is kept for an account in a region and a set of dimensions (FunctionName, QueueName …). Who counts often
// keeps a Series and adds to it: no look-up by name, no hash, no allocation.
// Bound: kDimensionSetsMax. What would need a further set is not counted there; how often that happened is a figure of its own
// (mayfly_metrics_sets_refused).
// Sources: AWS "Metrics concepts" (CloudWatch); what each service counts is said where its constants stand.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/strand.h"

namespace mayfly::telemetry {

// As CloudWatch names them.
enum class Unit : unsigned char { None, Count, Milliseconds, Seconds, Bytes, Percent };
std::string_view NameOf(Unit unit);

// A figure of a namespace. Declared as a constant, and known by its address:
//   inline constexpr telemetry::Metric kErrors{"AWS/Lambda", "Errors", telemetry::Unit::Count};
class Metric {
 public:
  // Values: what is kept of the values beside their sum: nothing, or how they are distributed (distribution.h).
  enum class Values : unsigned char { Summed, Distributed };
  constexpr Metric(std::string_view name_space, std::string_view name, Unit unit, Values values = Values::Summed)
      : name_space_(name_space), name_(name), unit_(unit), values_(values) {}
  Metric(const Metric&) = delete;
  Metric& operator=(const Metric&) = delete;

  std::string_view name_space() const { return name_space_; }
  std::string_view name() const { return name_; }
  Unit unit() const { return unit_; }
  Values values() const { return values_; }

 private:
  std::string_view name_space_;
  std::string_view name_;
  Unit unit_;
  Values values_;
};

struct Statistic {
  double sum = 0;
  uint64_t count = 0;  // how often it was added to
  double minimum = 0;
  double maximum = 0;

  void Add(double value);
};

// Whose figures.
struct MetricOwner {
  std::string_view account_id;
  std::string_view region;
};

struct Dimension {
  std::string_view name;  // "FunctionName"
  std::string_view value;
};
using Dimensions = std::span<const Dimension>;

class Metrics {
  struct DimensionSet;

 public:
  static constexpr size_t kDimensionSetsMax = 200'000;
  static constexpr size_t kDimensionsMax = 3;

  // The sets of dimensions in which a thing counts. Cheap to copy; may outlive Clear(), which it then adds to nothing that is shown.
  class Series {
   public:
    void Add(const Metric& metric, double value = 1) const;
    // Of figures that are another for the account than for its resources: only in the sets with dimensions …
    void AddToResource(const Metric& metric, double value) const;
    // … and only in the set without.
    void AddToAccount(const Metric& metric, double value) const;

   private:
    friend class Metrics;
    // By their number of dimensions; null: not counted there.
    std::array<std::shared_ptr<DimensionSet>, kDimensionsMax + 1> sets_;
  };

  // Exactly this set. At most kDimensionsMax.
  Series Of(const MetricOwner& owner, Dimensions dimensions);
  // The set without dimensions, that with the first of them, that with the first two …
  Series OfEach(const MetricOwner& owner, Dimensions dimensions);

  // The figure of exactly this set. Absent: nothing was added yet.
  std::optional<Statistic> Find(const Metric& metric, const MetricOwner& owner, Dimensions dimensions) const;
  // All of them, or those of `account_id` if it is not empty, in Prometheus' text format:
  // aws_lambda_invocations_sum{account="…",region="…",function_name="…"} 5, and …_count, …_min, …_max likewise. Of a distributed figure
  // also a histogram: …_bucket{…,le="12.3"} for each bound below which there is more than below the one before, and le="+Inf".
  std::string WriteText(std::string_view account_id = {}) const;
  void Clear();

 private:
  std::shared_ptr<DimensionSet> FindOrMake(const std::string& labels);

  Strand strand_;
  std::unordered_map<std::string, std::shared_ptr<DimensionSet>> sets_;  // by their labels
  uint64_t sets_refused_ = 0;
};

}  // namespace mayfly::telemetry
