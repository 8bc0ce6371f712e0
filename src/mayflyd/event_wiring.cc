#include "mayflyd/event_wiring.h"

#include <algorithm>

namespace mayfly::daemon {

json::Value DescribeEvents(const delivery::DurableLanes& lanes) {
  json::Value view;
  view.Set("running", lanes.running());
  view.Set("held", static_cast<uint64_t>(lanes.held()));
  view.Set("stored", lanes.stored());
  view.Set("held_bytes", static_cast<uint64_t>(lanes.held_bytes()));
  return view;
}

EventOptions MakeEventOptions(const Options& options) {
  EventOptions made;
  made.lanes.running_max = options.async_concurrency > 0 ? options.async_concurrency : options.account_concurrency;
  made.lanes.memory_bytes_max = static_cast<uint64_t>(options.async_memory_mib) << 20;
  made.lanes.backoff_min = Seconds(options.async_backoff_min_seconds);
  made.lanes.backoff_max = std::max(made.lanes.backoff_min, Seconds(options.async_backoff_max_seconds));
  made.lanes.lease = Seconds(options.async_lease_seconds);
  made.dispatch.retry_delays.clear();
  for (const double delay : options.async_retry_delays) made.dispatch.retry_delays.push_back(Seconds(delay));
  made.dispatch.backoff_min = made.delivery.backoff_min = made.lanes.backoff_min;
  made.dispatch.backoff_max = made.delivery.backoff_max = made.lanes.backoff_max;
  made.dispatch.event_age_max = Seconds(options.async_event_age_max_seconds);
  made.delivery.attempts_max = options.delivery_attempts;
  made.delivery.timeout = Seconds(options.delivery_timeout_seconds);
  for (const Duration delay : made.dispatch.retry_delays) made.lanes.delay_max = std::max(made.lanes.delay_max, delay);
  made.lanes.delay_max = std::max({made.lanes.delay_max, made.lanes.backoff_max, made.lanes.lease});
  return made;
}

}  // namespace mayfly::daemon
