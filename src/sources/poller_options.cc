#include "sources/poller_options.h"

namespace mayfly::sources {

OptionGroup OptionsOf(PollerOptions& pollers) {
  OptionGroup group("Event source mappings");
  group.Number("mapping-concurrency", pollers.concurrency_maximum, {1, 100'000},
               "batches of one queue that run at once, for mappings without a limit of their own");
  group.Number("mapping-growth", pollers.concurrency_growth_per_minute, {1.0, 1e9},
               "batches of one queue by which this grows per minute, from 5 on, while messages are waiting (AWS: 300)");
  return group;
}

}  // namespace mayfly::sources
