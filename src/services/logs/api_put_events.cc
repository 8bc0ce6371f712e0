// PutLogEvents, TestMetricFilter.
#include "services/logs/logs_api.h"

namespace mayfly::logs {
namespace {

constexpr size_t kBatchBytesMax = 1'048'576;
constexpr size_t kEventOverheadBytes = 26;
constexpr std::chrono::hours kSpanMax{24};
constexpr std::chrono::hours kAgeMax{24 * 14};
constexpr std::chrono::hours kAheadMax{2};

WallTime TimeOf(const InputLogEvent& event) { return WallTime(std::chrono::milliseconds(event.timestamp)); }

Result<> CheckBatch(const std::vector<InputLogEvent>& events) {
  size_t bytes = 0;
  for (size_t at = 0; at < events.size(); ++at) {
    bytes += events[at].message.size() + kEventOverheadBytes;
    if (at > 0 && events[at].timestamp < events[at - 1].timestamp) {
      return Fail(InvalidParameter("Log events in a single PutLogEvents request must be in chronological order."));
    }
  }
  if (events.back().timestamp - events.front().timestamp > std::chrono::milliseconds(kSpanMax).count()) {
    return Fail(InvalidParameter("The batch of log events in a single PutLogEvents request cannot span more than 24 hours."));
  }
  if (bytes > kBatchBytesMax) return Fail(InvalidParameter("Upload too large: " + std::to_string(bytes) + " bytes exceeds limit of " + std::to_string(kBatchBytesMax)));
  return {};
}

// Which events are too old, expired or too new; they are in the order of time.
struct Sorted {
  size_t begin = 0;  // of those that are taken
  size_t end = 0;
  RejectedLogEventsInfo rejected;
  bool has_rejected = false;
};
Sorted SortOut(const std::vector<InputLogEvent>& events, WallTime now, WallTime kept_from) {
  Sorted sorted{.begin = 0, .end = events.size(), .rejected = {}};
  size_t too_old = 0, expired = 0;
  while (too_old < events.size() && TimeOf(events[too_old]) < now - kAgeMax) ++too_old;
  while (expired < events.size() && TimeOf(events[expired]) < kept_from) ++expired;
  while (sorted.end > 0 && TimeOf(events[sorted.end - 1]) > now + kAheadMax) --sorted.end;
  sorted.begin = std::min(std::max(too_old, expired), sorted.end);
  if (too_old > 0) sorted.rejected.too_old_log_event_end_index = static_cast<int>(too_old);
  if (expired > 0) sorted.rejected.expired_log_event_end_index = static_cast<int>(expired);
  if (sorted.end < events.size()) sorted.rejected.too_new_log_event_start_index = static_cast<int>(sorted.end);
  sorted.has_rejected = too_old > 0 || expired > 0 || sorted.end < events.size();
  return sorted;
}

}  // namespace

Task<Result<PutLogEventsResponse>> LogsApi::PutLogEvents(Context& ctx, PutLogEventsRequest request) {
  MF_CO_TRY_VOID(CheckBatch(request.log_events));
  const GroupKey key = GroupKey::Of(ctx, request.log_group_name);
  MF_CO_TRY(const auto group, co_await groups_->Get(ctx, key));
  MF_CO_TRY(const bool has_stream, co_await groups_->HasStream(ctx, key, request.log_stream_name));
  if (!has_stream) co_return Fail(StreamNotFound());
  const WallTime now = clock_->WallNow();
  const Sorted sorted = SortOut(request.log_events, now, groups_->KeptFrom(*group));
  std::vector<store::LogLine> lines;
  lines.reserve(sorted.end - sorted.begin);
  for (size_t at = sorted.begin; at < sorted.end; ++at) {
    InputLogEvent& event = request.log_events[at];
    lines.push_back({TimeOf(event), request.log_stream_name, std::move(event.message)});
  }
  if (!lines.empty()) {
    auto put = co_await groups_->lines().Put(ctx, key.Store(), std::move(lines));
    if (!put && put.error().code == "Busy") co_return Fail(Error::Service("ServiceUnavailableException", "The service cannot complete the request."));
    if (!put) co_return Fail(std::move(put).error());
  }
  PutLogEventsResponse response{.next_sequence_token = WritePosition({.time = now, .place = {}})};
  if (sorted.has_rejected) response.rejected_log_events_info = sorted.rejected;
  co_return response;
}

Task<Result<TestMetricFilterResponse>> LogsApi::TestMetricFilter(Context&, TestMetricFilterRequest request) {
  MF_CO_TRY(const auto pattern, FilterPattern::Parse(request.filter_pattern));
  TestMetricFilterResponse response{.matches = std::vector<MetricFilterMatchRecord>()};
  for (size_t at = 0; at < request.log_event_messages.size(); ++at) {
    const std::string& message = request.log_event_messages[at];
    if (!pattern->Matches(message)) continue;
    MetricFilterMatchRecord match{.event_number = static_cast<int64_t>(at + 1), .event_message = message};
    auto& values = match.extracted_values.emplace();
    for (const auto& [name, value] : pattern->Extract(message)) values.emplace_back(name, value);
    response.matches->push_back(std::move(match));
  }
  co_return response;
}

}  // namespace mayfly::logs
