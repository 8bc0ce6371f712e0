#include "delivery/delivery_options.h"

#include <algorithm>

namespace mayfly::delivery {

OptionGroup OptionsOf(LaneSettings& settings) {
  OptionGroup group("Events and deliveries");
  group.Seconds("async-backoff-min", settings.lanes.backoff_min, {0.001, 3'600.0},
                "seconds before an event or delivery that was throttled is tried again; doubled each time (AWS: 1)");
  group.Seconds("async-backoff-max", settings.lanes.backoff_max, {0.001, 86'400.0}, "seconds that this doubling ends at (AWS: 300)");
  group.Number("async-concurrency", settings.concurrency, {0, 1'000'000},
               "events at work at once, beyond one per function; 0: as --account-concurrency");
  group.Mebibytes("async-memory", settings.lanes.memory_bytes_max, {1, 65'536}, "MiB of events that wait in memory; the others wait on disk");
  group.Seconds("async-lease", settings.lanes.lease, {1.0, 86'400.0}, "seconds for which the daemon holds an event before others may take it");
  group.Number("delivery-attempts", settings.deliveries.attempts_max, {1, 1'000}, "how often a record or dead letter is sent to a target that fails");
  group.Choice("delivery-reach", settings.reach, {{"auto", ReachOption::Auto}, {"any", ReachOption::Any}, {"internet", ReachOption::Internet}},
               "where web servers may be that the daemon calls for its callers (subscriptions, API destinations, issuers of tokens): anywhere, on the "
               "internet only, or by itself: that in strict mode");
  group.Seconds("delivery-timeout", settings.deliveries.timeout, {0.1, 900.0}, "seconds that a target may take for a record or dead letter");
  return group;
}

LaneOptions CompleteLanes(const LaneSettings& settings, int concurrency_usual, std::span<const Duration> delays) {
  LaneOptions complete = settings.lanes;
  complete.running_max = settings.concurrency > 0 ? settings.concurrency : concurrency_usual;
  complete.backoff_max = std::max(complete.backoff_min, complete.backoff_max);
  complete.delay_max = std::max({complete.delay_max, complete.backoff_max, complete.lease});
  for (const Duration delay : delays) complete.delay_max = std::max(complete.delay_max, delay);
  return complete;
}

DeliveryOptions CompleteDeliveries(const LaneSettings& settings) {
  DeliveryOptions complete = settings.deliveries;
  complete.backoff_min = settings.lanes.backoff_min;
  complete.backoff_max = std::max(settings.lanes.backoff_min, settings.lanes.backoff_max);
  return complete;
}

}  // namespace mayfly::delivery
