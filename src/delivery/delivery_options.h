// Options of what is owed: how much at once, in memory, how often and how long.
#pragma once

#include <span>

#include "base/option.h"
#include "delivery/delivery_worker.h"
#include "delivery/durable_lanes.h"

namespace mayfly::delivery {

// Where deliveries over HTTP, and what they need, may go.
enum class ReachOption : unsigned char { Auto, Any, Internet };

struct LaneSettings {
  LaneOptions lanes;
  DeliveryOptions deliveries;
  ReachOption reach = ReachOption::Auto;
  int concurrency = 0;  // 0: what CompleteLanes is told
};
OptionGroup OptionsOf(LaneSettings& settings);

// The options with what follows from them: one back-off for all, and bounds that hold the longest delay. `concurrency_usual`: items at
// work at once where the options do not say; `delays`: those that workers ask for.
LaneOptions CompleteLanes(const LaneSettings& settings, int concurrency_usual, std::span<const Duration> delays);
DeliveryOptions CompleteDeliveries(const LaneSettings& settings);

}  // namespace mayfly::delivery
