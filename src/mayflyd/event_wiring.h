// Asynchronous invocation as the daemon has it: from the options, and on the status page.
#pragma once

#include "base/json.h"
#include "invoke/event_queue.h"
#include "mayflyd/options.h"

namespace mayfly::daemon {

// For the status page.
json::Value DescribeEvents(const delivery::DurableLanes& lanes);

invoke::EventQueueOptions MakeEventQueueOptions(const Options& options);

}  // namespace mayfly::daemon
