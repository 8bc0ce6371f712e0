#include "sources/queue_poller.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/log.h"
#include "invoke/function_metrics.h"
#include "sources/table.h"

namespace mayfly::sources {
namespace {

using catalog::EventSourceMapping;
namespace metric = invoke::metric;

constexpr size_t kReceiveMessagesMax = 10'000;
// What is taken from the queue before there is room for it waits about this long, and is no more than this many batches.
constexpr Duration kAheadFor = std::chrono::milliseconds(50);
constexpr double kAheadBatchesMax = 256;
constexpr std::string_view kOk = "OK";
constexpr std::string_view kCallFailed = "PROBLEM: Function call failed";
constexpr std::string_view kNoFunction = "PROBLEM: Function not found";
constexpr std::string_view kNoQueue = "PROBLEM: The specified queue does not exist.";
constexpr std::string_view kNoFilter = "PROBLEM: Invalid filter pattern definition.";
constexpr std::string_view kInternal = "PROBLEM: internal Lambda error. Please contact Lambda customer support.";

}  // namespace

// How a mapping is polled from one Start to the next. Batches keep theirs.
struct QueuePoller::Session {
  Session(MappingPointer given, Filters filters)
      : mapping(std::move(given)), writer(mapping->event_source_arn), filter(std::move(filters), writer),
        batch_size(static_cast<size_t>(mapping->batch_size)), window(std::chrono::seconds(mapping->batching_window_seconds.value_or(0))),
        reports_item_failures(std::ranges::count(mapping->function_response_types, "ReportBatchItemFailures") > 0),
        is_ordered(SourceOf(*mapping).kind == SourceKind::SqsFifo) {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  MappingPointer mapping;
  QueueRecordWriter writer;
  QueueFilter filter;
  size_t batch_size;
  Duration window;
  bool reports_item_failures;
  bool is_ordered;  // the queue is a FIFO one
  std::stop_source receiving;
};

class QueuePoller::Running {
 public:
  explicit Running(QueuePoller& poller) : poller_(&poller) { ++poller_->running_; }
  ~Running() {
    --poller_->running_;
    poller_->OnEnd();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  QueuePoller* poller_;
};

// The place of a throttled batch in the line of those that wait for one to end.
class QueuePoller::Turn {
 public:
  explicit Turn(QueuePoller& poller) : poller_(&poller), come_(*poller.parts_.loop) { poller_->throttled_.push_back(this); }
  ~Turn() { std::erase(poller_->throttled_, this); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  Event& come() { return come_; }

 private:
  QueuePoller* poller_;
  Event come_;
};

QueuePoller::QueuePoller(const PollerParts& parts, QueueSource& queues, std::string queue_arn)
    : parts_(parts), queues_(&queues), queue_arn_(std::move(queue_arn)), ramp_({1, 1, 1}), ended_(*parts.loop),
      deletes_(*parts.loop, queues, queue_arn_, parts.options.deletes_waiting_max,
               [this](size_t messages) { Count(&PollerCounts::deleted, metric::kDeletedEventCount, messages); }),
      tasks_(*parts.loop) {}

RampLimits QueuePoller::LimitsOf(const EventSourceMapping& mapping) const {
  const PollerOptions& options = parts_.options;
  RampLimits limits{options.concurrency_initial, options.concurrency_maximum, options.concurrency_growth_per_minute / 60};
  if (mapping.is_provisioned()) {
    limits.initial = *mapping.minimum_pollers * options.concurrency_per_poller;
    limits.maximum = *mapping.maximum_pollers * options.concurrency_per_poller;
  }
  if (mapping.maximum_concurrency) limits.maximum = std::min(limits.maximum, *mapping.maximum_concurrency);
  limits.initial = std::min(limits.initial, limits.maximum);
  return limits;
}

Context QueuePoller::MakeContext(const Session& session, std::stop_token stop) const {
  Context ctx(*parts_.loop);
  ctx.stop = std::move(stop);
  ctx.principal.account_id = session.mapping->account_id;
  ctx.principal.region = session.mapping->region;
  return ctx;
}

void QueuePoller::Start(MappingPointer mapping) {
  strand_.Check();
  MF_ASSERT(mapping->event_source_arn == queue_arn_);
  Pause();
  auto filters = Filters::Compile(mapping->filter_patterns);
  if (!filters) {  // was checked when it was made: another version of this program did
    result_ = kNoFilter;
    return log::Error("event source mapping {}: {}", mapping->uuid, filters.error().ToString());
  }
  ramp_.SetLimits(LimitsOf(*mapping));
  series_.reset();
  if (std::ranges::count(mapping->metrics, "EventCount") > 0) series_ = invoke::SeriesOfMapping(*parts_.metrics, {mapping->account_id, mapping->region}, mapping->uuid);
  session_ = std::make_shared<Session>(std::move(mapping), std::move(*filters));
  ++collectors_;
  tasks_.Spawn(Collect(session_));
}

void QueuePoller::Pause() {
  strand_.Check();
  if (!session_) return;
  std::exchange(session_, nullptr)->receiving.request_stop();
}

Task<> QueuePoller::Stop(TimePoint until) {
  strand_.Check();
  Pause();
  while (!HasEnded() && parts_.loop->Now() < until) co_await ended_.WaitUntil(until);
  tasks_.Stop();
  co_await tasks_.Join();
  co_await deletes_.Stop();
}

Task<> QueuePoller::Drain() {
  while (!HasEnded()) co_await ended_.Wait();
  while (!deletes_.idle()) co_await deletes_.done().Wait();
}

// --- taking messages ----------------------------------------------------------------------------------------------------

Task<> QueuePoller::Collect(SessionPointer session) {
  Context ctx = MakeContext(*session, session->receiving.get_token());
  QueueBatch filling(session->writer, *parts_.budget);
  while (!ctx.stop.stop_requested()) {
    Duration wait = parts_.options.receive_wait;
    if (!filling.empty()) {
      wait = WindowEnd(*session, filling) - parts_.loop->Now();
    } else if (!co_await AwaitWork(ctx, *session)) {
      break;
    }
    auto received = co_await Receive(ctx, *session, filling, wait);
    if (received) {
      if (received->messages.empty() && filling.empty()) ramp_.OnIdle(running_);
      if (session->is_ordered) {
        co_await FillOrdered(session, std::move(*received), filling);
      } else {
        co_await Fill(session, std::move(*received), filling);
      }
    }
    if (!filling.empty() && (!received || parts_.loop->Now() >= WindowEnd(*session, filling))) co_await Dispatch(session, filling);
    if (!received) co_await Recover(ctx, std::move(received).error());
  }
  if (!filling.empty()) co_await Dispatch(session, filling);
  MF_ASSERT(collectors_ > 0 && filling.empty());
  --collectors_;
  ended_.Pulse();
}

// The function must be able to end before the first messages become visible again, if the queue gives it that time at all.
TimePoint QueuePoller::WindowEnd(const Session& session, const QueueBatch& filling) const {
  const TimePoint end = filling.began() + session.window;
  if (session.window.count() == 0) return end;
  const Duration hidden = filling.hidden_until() - filling.began();
  const Duration kept = std::min(parts_.functions->TimeoutOf(*session.mapping).value_or(hidden), hidden / 2);
  return std::min(end, filling.hidden_until() - kept);
}

// Until a batch may be started, and there is a function for it. false: to end.
Task<bool> QueuePoller::AwaitWork(Context& ctx, const Session& session) {
  while (!parts_.functions->TimeoutOf(*session.mapping)) {
    result_ = kNoFunction;
    if (!co_await Sleep(ctx, parts_.options.missing_retry)) co_return false;
  }
  co_return co_await AwaitRoom(ctx);
}

// false: ctx has ended.
Task<bool> QueuePoller::AwaitRoom(Context& ctx) {
  while (!ctx.stop.stop_requested() && parts_.loop->Now() < ctx.deadline) {
    if (!parts_.budget->HasRoom() && running_ > 0) {
      co_await parts_.budget->freed().Wait(ctx);
      continue;
    }
    if (!deletes_.HasRoom()) {
      co_await deletes_.AwaitRoom(ctx);
      continue;
    }
    if (ramp_.HasRoom(parts_.loop->Now(), running_)) co_return true;
    Context bounded = ctx.WithDeadline(ramp_.RoomAt(running_));
    co_await ended_.Wait(bounded);
  }
  co_return false;
}

Task<Result<ReceivedMessages>> QueuePoller::Receive(Context& ctx, const Session& session, const QueueBatch& filling, Duration wait) {
  const size_t slots = static_cast<size_t>(std::max(1, ramp_.level() - running_)) + BatchesAhead();
  MF_ASSERT(running_ >= 0 && filling.size() < session.batch_size);
  ReceiveRequest request{.queue_arn = queue_arn_, .wait = std::max(wait, Duration::zero())};
  // Of a FIFO queue one batch at a time: what is taken together may be of one group, and that goes one batch after another.
  request.messages_max = session.is_ordered ? session.batch_size : std::min(slots * session.batch_size, kReceiveMessagesMax) - filling.size();
  request.body_bytes_max = kEventBytesMax - std::min(filling.bytes(), kEventBytesMax - 1);
  auto received = co_await queues_->Receive(ctx, std::move(request));
  if (received) Count(&PollerCounts::polled, metric::kPolledEventCount, received->messages.size());
  co_return received;
}

// Of a fast function, so that it need not wait while the queue is asked.
size_t QueuePoller::BatchesAhead() const {
  if (typical_.count() == 0 || !throttled_.empty()) return 0;
  const double ahead = ramp_.level() * (ToMillis(kAheadFor) / ToMillis(typical_));
  return static_cast<size_t>(std::min(ahead, kAheadBatchesMax));
}

Task<> QueuePoller::Recover(Context& ctx, Error error) {
  if (error.kind == Error::Kind::Cancelled) co_return;
  const bool is_missing = error.IsService(kQueueDoesNotExist);
  if (!is_missing && result_ != kInternal) log::Error("receive messages of {}: {}", queue_arn_, error.ToString());
  result_ = is_missing ? kNoQueue : kInternal;
  co_await Sleep(ctx, parts_.options.missing_retry);
}

Task<> QueuePoller::Fill(const SessionPointer& session, ReceivedMessages received, QueueBatch& filling) {
  std::vector<std::string> unwanted;
  for (ReceivedMessage& message : received.messages) {
    // What goes round in a loop is left to its queue, which has a dead-letter queue for it.
    if (parts_.functions->Forbids(*session->mapping, message.message->trace_header)) continue;
    if (!session->filter.Wants(message)) {
      unwanted.push_back(std::move(message.receipt_handle));
      continue;
    }
    const TimePoint now = parts_.loop->Now();
    if (!filling.Add(message, received.hidden_until, now)) {
      co_await Dispatch(session, filling);
      filling.Add(message, received.hidden_until, now);
    }
    if (filling.size() == session->batch_size) co_await Dispatch(session, filling);
  }
  Count(&PollerCounts::filtered_out, metric::kFilteredOutEventCount, unwanted.size());
  deletes_.Add(std::move(unwanted), QueueDeletes::Reason::FilteredOut);
}

// Of a FIFO queue: what was received together goes into one batch, and what has no room in its event waits until that batch has
// been processed, since both may be of one group. What stays in its queue keeps the rest of its group there.
Task<> QueuePoller::FillOrdered(const SessionPointer& session, ReceivedMessages received, QueueBatch& filling) {
  MF_ASSERT(filling.empty());
  std::vector<std::string> unwanted;
  std::set<std::string> left;
  for (ReceivedMessage& message : received.messages) {
    const std::string& group = message.message->group_id;
    if (left.contains(group)) continue;
    if (parts_.functions->Forbids(*session->mapping, message.message->trace_header)) {
      left.insert(group);
    } else if (!session->filter.Wants(message)) {
      unwanted.push_back(std::move(message.receipt_handle));
    } else if (!filling.Add(message, received.hidden_until, parts_.loop->Now())) {
      if (!co_await ProcessFirst(session, filling)) break;
      filling.Add(message, received.hidden_until, parts_.loop->Now());
    }
  }
  Count(&PollerCounts::filtered_out, metric::kFilteredOutEventCount, unwanted.size());
  deletes_.Add(std::move(unwanted), QueueDeletes::Reason::FilteredOut);
}

// Processes `filling`, which is empty afterwards. false: not all of it, what follows must not be processed now.
Task<bool> QueuePoller::ProcessFirst(const SessionPointer& session, QueueBatch& filling) {
  QueueBatch batch = std::move(filling);
  Context ctx = MakeContext(*session, tasks_.stop_token());
  ctx.deadline = batch.hidden_until();
  if (co_await AwaitRoom(ctx)) co_return co_await ProcessAll(session, std::move(batch));
  co_await HandBack(std::move(batch));
  co_return false;
}

// Starts `filling`, which is empty afterwards. When everything is to end, its messages go back to their queue; when they have
// waited too long for room, they are there already.
Task<> QueuePoller::Dispatch(const SessionPointer& session, QueueBatch& filling) {
  MF_ASSERT(!filling.empty() && filling.size() <= session->batch_size);
  QueueBatch batch = std::move(filling);
  Context ctx = MakeContext(*session, tasks_.stop_token());
  ctx.deadline = batch.hidden_until();
  if (co_await AwaitRoom(ctx)) {
    tasks_.Spawn(Process(session, std::move(batch)));
  } else {
    co_await HandBack(std::move(batch));
  }
}

Task<> QueuePoller::HandBack(QueueBatch batch) {
  if (parts_.loop->Now() >= batch.hidden_until()) co_return;
  Context ctx(*parts_.loop);
  std::vector<VisibilityChange> changes;
  for (std::string& handle : batch.TakeHandles([](size_t) { return true; })) changes.push_back({std::move(handle), std::chrono::seconds(0)});
  auto changed = co_await queues_->ChangeVisibility(ctx, queue_arn_, std::move(changes));
  if (!changed) log::Warning("hand back messages of {}: {}", queue_arn_, changed.error().ToString());  // they come back by themselves, later
}

// --- processing a batch -------------------------------------------------------------------------------------------------

Task<> QueuePoller::Process(SessionPointer session, QueueBatch batch) { (void)co_await ProcessAll(std::move(session), std::move(batch)); }

// Whether all messages have been processed.
Task<bool> QueuePoller::ProcessAll(SessionPointer session, QueueBatch batch) {
  const Running running(*this);
  Context ctx = MakeContext(*session, tasks_.stop_token());
  const auto outcome = co_await Invoke(ctx, *session, batch);
  const bool all = Settle(*session, batch, outcome);
  if (!outcome && outcome.error().IsService("ResourceNotFoundException")) {
    co_await HandBack(std::move(batch));
  } else if (!deletes_.HasRoom()) {
    co_await deletes_.AwaitRoom(ctx);
  }
  co_return all;
}

Task<Result<runtime::InvokeOutcome>> QueuePoller::Invoke(Context& ctx, const Session& session, QueueBatch& batch) {
  Duration backoff = parts_.options.throttle_backoff_min;
  while (true) {
    Count(&PollerCounts::invoked, metric::kInvokedEventCount, batch.size());
    ++invoking_;
    ctx.trace_header = batch.TraceHeader(session.mapping->function.Arn());
    const TimePoint begin = parts_.loop->Now();
    auto outcome = co_await parts_.functions->Invoke(ctx, *session.mapping, batch.TakeEvent());
    MF_ASSERT(invoking_ > 0);
    --invoking_;
    if (outcome || !outcome.error().retryable) {
      const Duration took = std::max<Duration>(parts_.loop->Now() - begin, std::chrono::microseconds(1));
      typical_ = typical_.count() == 0 ? took : (typical_ * 7 + took) / 8;
      co_return outcome;
    }
    ramp_.OnThrottle(parts_.loop->Now(), invoking_);
    if (!co_await AwaitTurn(ctx, batch, backoff)) co_return outcome;
    backoff = std::min(backoff * 2, parts_.options.throttle_backoff_max);
  }
}

// Waits until a throttled batch may try again. false: its messages are about to become visible, or everything is to end.
Task<bool> QueuePoller::AwaitTurn(Context& ctx, const QueueBatch& batch, Duration backoff) {
  const Duration jittered = backoff / 2 + Duration(static_cast<int64_t>(parts_.random->Below(static_cast<uint64_t>(backoff.count()))));
  Context waiting = ctx.WithDeadline(std::min(parts_.loop->Now() + jittered, batch.hidden_until()));
  Turn turn(*this);
  co_await turn.come().Wait(waiting);
  co_return !ctx.stop.stop_requested() && parts_.loop->Now() < batch.hidden_until();
}

// Whether all messages have been processed.
bool QueuePoller::Settle(const Session& session, QueueBatch& batch, const Result<runtime::InvokeOutcome>& outcome) {
  if (!outcome) {
    if (outcome.error().kind != Error::Kind::Cancelled) log::Debug("mapping {}: {}", session.mapping->uuid, outcome.error().ToString());
    NoteFailure(batch.size());
    return false;
  }
  if (outcome->function_error) {
    if (!session.reports_item_failures) ramp_.OnError(parts_.loop->Now());
    NoteFailure(batch.size());
    return false;
  }
  ItemFailures failures;
  if (session.reports_item_failures) {
    std::vector<std::string_view> identifiers;
    for (const ReceivedMessage& received : batch.messages()) identifiers.push_back(received.message->message_id);
    failures = ReadBatchItemFailures(outcome->payload, identifiers);
  }
  if (session.is_ordered) FailRestOfGroups(batch.messages(), failures);
  const size_t messages = batch.size();
  std::vector<std::string> processed = batch.TakeHandles([&](size_t index) { return !failures.HasFailed(index); });
  const bool all = processed.size() == messages;
  if (all) {
    result_ = kOk;
  } else {
    NoteFailure(messages - processed.size());
  }
  deletes_.Add(std::move(processed), QueueDeletes::Reason::Processed);
  return all;
}

void QueuePoller::NoteFailure(size_t messages) {
  Count(&PollerCounts::failed_invoke, metric::kFailedInvokeEventCount, messages);
  result_ = kCallFailed;
}

void QueuePoller::Count(uint64_t PollerCounts::* figure, const telemetry::Metric& counted, size_t messages) {
  if (messages == 0) return;
  counts_.*figure += messages;
  if (series_) series_->Add(counted, static_cast<double>(messages));
}

void QueuePoller::OnEnd() {
  ended_.Pulse();
  if (throttled_.empty()) return;
  throttled_.front()->come().Set();
  throttled_.pop_front();
}

PollerFactory MakeQueuePollers(QueueSource& queues) {
  return [&queues](const PollerParts& parts, const EventSourceMapping& mapping) {
    return std::make_unique<QueuePoller>(parts, queues, mapping.event_source_arn);
  };
}

}  // namespace mayfly::sources
