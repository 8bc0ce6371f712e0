// Asynchronous invocation and deliveries as the daemon has them: from the options, and on the status page.
#pragma once

#include "base/json.h"
#include "invoke/event_queue.h"
#include "mayflyd/options.h"

namespace mayfly::daemon {

// For the status page.
json::Value DescribeEvents(const delivery::DurableLanes& lanes);

struct EventOptions {
  delivery::LaneOptions lanes;
  delivery::DeliveryOptions delivery;
  invoke::DispatchOptions dispatch;
};
EventOptions MakeEventOptions(const Options& options);

}  // namespace mayfly::daemon
