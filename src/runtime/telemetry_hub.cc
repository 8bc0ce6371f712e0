#include "runtime/telemetry_hub.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/json.h"
#include "base/log.h"
#include "runtime/api_messages.h"

namespace mayfly::runtime {
namespace {

using telemetry::PlatformEvent;
using telemetry::RecordCategory;

constexpr Duration kRetryDelay = std::chrono::milliseconds(50);  // doubled by each attempt
constexpr std::string_view kFellBehind = "Consumer seems to have fallen behind as it has not acknowledged receipt of logs.";

http::Response Invalid(std::string_view message) {
  return http::Response::Json(400, fmt::format(R"({{"errorType":"ValidationError","errorMessage":{}}})", json::Quote(message)));
}

}  // namespace

// An event that lives longer than the call that brought it.
struct TelemetryHub::KeptEvent {
  explicit KeptEvent(const PlatformEvent& original) : event(original) {
    std::string_view* const views[] = {&event.request_id, &event.phase, &event.status, &event.error_type, &event.text, &event.tracing, &event.name,
                                       &event.state};
    for (const std::string_view* view : views) text += *view;
    for (const std::string_view word : original.words) text += word;
    size_t at = 0;
    auto keep = [&](std::string_view view) {
      const std::string_view kept = std::string_view(text).substr(at, view.size());
      at += view.size();
      return kept;
    };
    for (std::string_view* view : views) *view = keep(*view);
    for (const std::string_view word : original.words) words.push_back(keep(word));
    event.words = words;
    event.spans = {};
  }
  KeptEvent(const KeptEvent&) = delete;
  KeptEvent& operator=(const KeptEvent&) = delete;

  std::string text;
  std::vector<std::string_view> words;
  PlatformEvent event;
};

class TelemetryHub::Subscriber {
 public:
  Subscriber(TelemetryHub& hub, std::string_view name, TelemetryApi api, TelemetrySubscription subscription)
      : hub_(&hub), name_(name), api_(api), subscription_(std::move(subscription)),
        channel_(hub.ports_->OpenChannel(*hub.cage_, subscription_.destination)), idle_(*hub.loop_), tasks_(*hub.loop_) {}
  ~Subscriber() { hub_->loop_->CancelTimer(timer_); }

  const std::string& name() const { return name_; }
  TelemetryApi api() const { return api_; }
  const TelemetrySubscription& subscription() const { return subscription_; }
  bool idle() const { return records_.empty() && !sending_; }
  Event& became_idle() { return idle_; }

  void OnEvent(const PlatformEvent& event) {
    if (!subscription_.Wants(telemetry::CategoryOf(event.type))) return;
    std::vector<std::string> records;
    telemetry::AppendRecords(*hub_->label_, event, subscription_.schema, records);
    for (std::string& record : records) Add(std::move(record));
  }
  void SendNow() {
    if (sending_ || records_.empty()) return;
    hub_->loop_->CancelTimer(std::exchange(timer_, 0));
    sending_ = true;
    MF_ASSERT(timer_ == 0);
    tasks_.Spawn(Deliver());
  }
  // Also what comes while a batch is under way goes at once.
  void set_urgent() { urgent_ = true; }

 private:
  bool IsFull() const { return records_.size() >= subscription_.items_max || bytes_ >= subscription_.bytes_max; }

  void Add(std::string record) {
    if (records_.size() >= 2 * subscription_.items_max || bytes_ + record.size() > 2 * subscription_.bytes_max) {
      ++dropped_records_;
      dropped_bytes_ += record.size();
      return;
    }
    bytes_ += record.size();
    records_.push_back(std::move(record));
    if (IsFull() || urgent_) return SendNow();
    if (!sending_ && timer_ == 0) SetTimer();
  }
  void SetTimer() {
    MF_ASSERT(timer_ == 0 && !sending_);
    timer_ = hub_->loop_->CallAfter(subscription_.timeout, [this] {
      timer_ = 0;
      SendNow();
    });
  }

  void TellWhatWasDropped() {
    if (dropped_records_ == 0) return;
    PlatformEvent event{.type = PlatformEvent::Type::LogsDropped};
    event.time = hub_->loop_->WallNow();
    event.text = kFellBehind;
    event.dropped_lines = std::exchange(dropped_records_, 0);
    event.dropped_bytes = std::exchange(dropped_bytes_, 0);
    std::vector<std::string> records;
    telemetry::AppendRecords(*hub_->label_, event, subscription_.schema, records);
    for (std::string& record : records) {
      bytes_ += record.size();
      records_.push_front(std::move(record));
    }
  }

  // The next batch, and how many records are in it.
  std::string TakeBatch(size_t& count) {
    const bool array = subscription_.destination.protocol == TelemetryDestination::Protocol::Http;
    std::string batch = array ? "[" : "";
    for (count = 0; !records_.empty() && count < subscription_.items_max; ++count) {
      if (count > 0 && batch.size() + records_.front().size() > subscription_.bytes_max) break;
      if (array && count > 0) batch += ',';
      batch += records_.front();
      if (!array) batch += '\n';
      bytes_ -= records_.front().size();
      records_.pop_front();
    }
    if (array) batch += ']';
    MF_ASSERT(!records_.empty() || bytes_ == 0);
    return batch;
  }

  Task<> Deliver() {
    Context ctx(*hub_->loop_);
    do {
      TellWhatWasDropped();
      size_t count = 0;
      const std::string batch = TakeBatch(count);
      Duration delay = kRetryDelay;
      bool delivered = false;
      for (int attempt = 1; attempt <= kDeliveryAttempts && !delivered; ++attempt, delay *= 2) {
        if (attempt > 1) (void)co_await Sleep(ctx, delay);
        auto sent = co_await channel_->Send(ctx, batch);
        delivered = sent.has_value();
        if (!delivered) log::Debug("telemetry for extension {}: {}", name_, sent.error().ToString());
      }
      if (!delivered) {
        dropped_records_ += count;
        dropped_bytes_ += batch.size();
      }
    } while (!records_.empty() && (urgent_ || IsFull()));
    sending_ = false;
    if (!records_.empty()) SetTimer();
    else idle_.Pulse();
  }

  TelemetryHub* hub_;
  std::string name_;
  TelemetryApi api_;
  TelemetrySubscription subscription_;
  std::unique_ptr<TelemetryChannel> channel_;
  std::deque<std::string> records_;
  size_t bytes_ = 0;
  uint64_t dropped_records_ = 0;
  uint64_t dropped_bytes_ = 0;
  bool sending_ = false;
  bool urgent_ = false;
  Loop::TimerId timer_ = 0;
  Event idle_;
  TaskScope tasks_;
};

TelemetryHub::TelemetryHub(Loop& loop, EnvironmentPorts& ports, sandbox::Cage& cage, const telemetry::EnvironmentLabel& label)
    : loop_(&loop), ports_(&ports), cage_(&cage), label_(&label) {}

TelemetryHub::~TelemetryHub() = default;

void TelemetryHub::Open(Backlog backlog) {
  Clear();
  open_ = true;
  keeps_backlog_ = backlog == Backlog::Keep;
}

void TelemetryHub::Close() {
  open_ = false;
  keeps_backlog_ = false;
  backlog_.clear();
  backlog_bytes_ = 0;
}

void TelemetryHub::Clear() {
  Close();
  subscribers_.clear();
}

void TelemetryHub::OnEvent(const PlatformEvent& event) {
  strand_.Check();
  for (const auto& subscriber : subscribers_) subscriber->OnEvent(event);
  if (!keeps_backlog_ || backlog_.size() >= kBacklogEventsMax || backlog_bytes_ + event.text.size() > kBacklogBytesMax) return;
  backlog_bytes_ += event.text.size();
  backlog_.emplace_back(event);
  MF_ASSERT(backlog_.size() <= kBacklogEventsMax && backlog_bytes_ <= kBacklogBytesMax);
}

http::Response TelemetryHub::Subscribe(std::string_view name, TelemetryApi api, std::string_view body, const PlatformEvent& init_start) {
  strand_.Check();
  if (!open_) {
    return api == TelemetryApi::Telemetry ? ErrorResponse(403, "Telemetry.SubscriptionClosed", "Telemetry API subscription is closed")
                                          : ErrorResponse(403, "Logs.SubscriptionClosed", "Logs API subscription is closed");
  }
  auto subscription = ParseTelemetrySubscription(body, api);
  if (!subscription) return Invalid(subscription.error().message);
  std::erase_if(subscribers_, [&](const auto& subscriber) { return subscriber->name() == name && subscriber->api() == api; });
  for (const auto& subscriber : subscribers_) {
    if (subscriber->name() == name) return Invalid("The extension has subscribed by the other API already");
  }
  subscribers_.push_back(std::make_unique<Subscriber>(*this, name, api, std::move(*subscription)));
  if (backlog_.empty()) subscribers_.back()->OnEvent(init_start);
  for (const KeptEvent& kept : backlog_) subscribers_.back()->OnEvent(kept.event);
  return http::Response::Json(200, "\"OK\"");
}

std::vector<std::string_view> TelemetryHub::TypesOf(std::string_view name) const {
  std::vector<std::string_view> types;
  for (const auto& subscriber : subscribers_) {
    if (subscriber->name() != name) continue;
    if (subscriber->subscription().platform) types.push_back("platform");
    if (subscriber->subscription().function) types.push_back("function");
    if (subscriber->subscription().extension) types.push_back("extension");
  }
  return types;
}

void TelemetryHub::SendNow() {
  for (const auto& subscriber : subscribers_) {
    subscriber->set_urgent();
    subscriber->SendNow();
  }
}

Task<> TelemetryHub::Drain(TimePoint until) {
  MF_ASSERT(!open_);
  for (size_t i = 0; i < subscribers_.size(); ++i) {
    while (!subscribers_[i]->idle()) {
      if (!co_await subscribers_[i]->became_idle().WaitUntil(until)) co_return;
    }
  }
}

}  // namespace mayfly::runtime
