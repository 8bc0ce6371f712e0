#include "services/logs/subscriptions.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/log.h"
#include "services/logs/gzip.h"
#include "services/logs/logs_api.h"

namespace mayfly::logs {
namespace {

constexpr std::chrono::seconds kGatherFor{1};
constexpr std::chrono::hours kDeliveryAgeMax{24};
constexpr size_t kLineOverheadBytes = 128;
constexpr std::string_view kPrincipal = "logs.amazonaws.com";
constexpr std::string_view kDataMessage = "DATA_MESSAGE";
constexpr std::string_view kGroupOfFunctions = "/aws/lambda/";

json::Value EventOf(const std::string& id, int64_t millis, const std::string& text, const FilterPattern::Extracted& extracted) {
  json::Value event;
  event.Set("id", id);
  event.Set("timestamp", millis);
  event.Set("message", json::ToUtf8(text));
  if (extracted.empty()) return event;
  json::Object fields;
  for (const auto& [name, value] : extracted) fields.emplace_back(name.starts_with("$.") ? name : name.substr(1), value);
  event.Set("extractedFields", std::move(fields));
  return event;
}

}  // namespace

void Subscriptions::Start() {
  std::string last;
  for (const auto& row : parts_.groups.subscriptions().ListIf("", "", kGroupsMax, [](const auto&) { return true; })) {
    const std::string group = row.key.substr(0, row.key.rfind("/:/"));
    if (group != last) Follow(*GroupKey::OfRow(group));
    last = group;
  }
}

Task<> Subscriptions::Stop() {
  stopping_ = true;
  parts_.loop.CancelTimer(timer_);
  for (auto& [group, followed] : followed_) followed->listener.reset();
  co_await Send();
  co_await tasks_.Join();
}

void Subscriptions::Forget() {
  followed_.clear();
  pending_bytes_ = 0;
}

void Subscriptions::Follow(const GroupKey& key) {
  // What was gathered for filters that stay is owed as it is.
  if (const auto old = followed_.find(key.Row()); old != followed_.end()) {
    std::vector<delivery::LaneItem> items;
    TakePending(*old->second, items);
    followed_.erase(old);
    if (!items.empty()) {
      tasks_.Spawn([](Subscriptions& self, std::vector<delivery::LaneItem> owed) -> Task<> {
        Context ctx(self.parts_.loop);
        auto appended = co_await self.parts_.lanes.AppendAll(ctx, std::move(owed));
        if (!appended) log::Warning("logs: lines for subscriptions are lost: {}", appended.error().ToString());
      }(*this, std::move(items)));
    }
  }
  const std::string prefix = key.RowOf("");
  auto followed = std::make_unique<Followed>();
  followed->key = key;
  for (const auto& row : parts_.groups.subscriptions().List(prefix, "", kSubscriptionsMax)) {
    auto pattern = FilterPattern::Parse(row.value->pattern);
    if (!pattern || IsOwnGroup(key, row.value->destination_arn)) continue;
    followed->filters.push_back({.name = row.key.substr(prefix.size()), .row = *row.value, .pattern = std::move(*pattern), .pending = {}});
  }
  if (followed->filters.empty() || stopping_) return;
  Followed* const at = followed.get();
  followed->listener = parts_.groups.lines().Follow(key.Store(), [this, at](const store::LogLine& line) { OnLine(*at, line); });
  followed_[key.Row()] = std::move(followed);
}

bool Subscriptions::IsOwnGroup(const GroupKey& key, std::string_view destination_arn) const {
  if (!key.name.starts_with(kGroupOfFunctions)) return false;
  const std::string own = fmt::format(":lambda:{}:{}:function:{}", key.region, key.account_id, key.name.substr(kGroupOfFunctions.size()));
  const size_t at = destination_arn.find(own);
  return at != std::string_view::npos && (at + own.size() == destination_arn.size() || destination_arn[at + own.size()] == ':');
}

void Subscriptions::OnLine(Followed& followed, const store::LogLine& line) {
  for (Filter& filter : followed.filters) {
    if (!filter.pattern->Matches(line.text)) continue;
    if (pending_bytes_ + line.text.size() > kPendingBytesMax) {
      if (!is_full_) log::Warning("logs: lines for subscriptions of group '{}' are left out: they come faster than they can be sent", followed.key.name);
      is_full_ = true;
      continue;
    }
    pending_bytes_ += line.text.size() + kLineOverheadBytes;
    filter.pending[line.stream].push_back({ToEpochMillis(line.time), line.text, filter.pattern->Extract(line.text)});
  }
  if (pending_bytes_ > 0) SetTimer();
}

void Subscriptions::SetTimer() {
  if (timer_ != 0 || stopping_) return;
  timer_ = parts_.loop.CallAfter(kGatherFor, [this] {
    timer_ = 0;
    tasks_.Spawn(Send());
  });
}

Task<> Subscriptions::Send() {
  std::vector<delivery::LaneItem> items;
  for (auto& [group, followed] : followed_) TakePending(*followed, items);
  pending_bytes_ = 0;
  is_full_ = false;
  if (items.empty()) co_return;
  Context ctx(parts_.loop);
  auto appended = co_await parts_.lanes.AppendAll(ctx, std::move(items));
  if (!appended) log::Warning("logs: lines for subscriptions are lost: {}", appended.error().ToString());
}

void Subscriptions::TakePending(Followed& followed, std::vector<delivery::LaneItem>& items) {
  const auto owe = [&](const Filter& filter, const std::string& stream, const std::vector<Line>& lines) {
    delivery::OwedDelivery owed{.sender = std::string(kSubscriptionSender), .owner_arn = followed.key.Arn(), .delivery = {}, .accepted_at = parts_.lanes.Time()};
    owed.delivery = DeliveryOf(followed.key, filter.row.destination_arn, MessageOf(followed.key, filter, stream, lines, kDataMessage));
    items.push_back(delivery::ItemOf(owed));
  };
  for (Filter& filter : followed.filters) {
    for (auto& [stream, lines] : std::exchange(filter.pending, {})) {
      std::vector<Line> message;
      size_t bytes = 0;
      for (Line& line : lines) {
        bytes += line.text.size() + kLineOverheadBytes;
        if (!message.empty() && bytes > kMessageBytesMax) {
          owe(filter, stream, std::exchange(message, {}));
          bytes = line.text.size() + kLineOverheadBytes;
        }
        message.push_back(std::move(line));
      }
      owe(filter, stream, message);
    }
  }
}

delivery::Delivery Subscriptions::DeliveryOf(const GroupKey& key, const std::string& destination_arn, std::string body) const {
  delivery::Delivery delivery;
  delivery.id = parts_.random.Uuid();
  delivery.target_arn = destination_arn;
  delivery.body = std::move(body);
  delivery.source_arn = key.Arn() + ":*";
  delivery.principal = delivery::DeliveryPrincipal::Service(std::string(kPrincipal), key.account_id);
  return delivery;
}

std::string Subscriptions::MessageOf(const GroupKey& key, const Filter& filter, std::string_view stream, const std::vector<Line>& lines, std::string_view type) const {
  json::Array events;
  for (const Line& line : lines) {
    const store::LogPosition position{WallTime(std::chrono::milliseconds(line.millis)), {parts_.random.Below(100'000'000'000'000), 0, events.size()}};
    events.push_back(EventOf(WritePosition(position), line.millis, line.text, line.extracted));
  }
  json::Value message;
  message.Set("messageType", type);
  message.Set("owner", key.account_id);
  message.Set("logGroup", key.name);
  message.Set("logStream", stream);
  message.Set("subscriptionFilters", json::Array{filter.name});
  message.Set("logEvents", std::move(events));
  json::Value data;
  data.Set("data", Base64Encode(Gzip(json::Write(message))));
  json::Value body;
  body.Set("awslogs", std::move(data));
  return json::Write(body);
}

Task<Result<>> Subscriptions::SendTest(Context&, const GroupKey& key, const std::string&, const std::string& destination_arn) {
  if (parts_.targets.Authorize(DeliveryOf(key, destination_arn, ""))) co_return Result<>();
  co_return Fail(InvalidParameter("Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your function."));
}

delivery::RetryRule Subscriptions::RuleOf(const delivery::OwedDelivery& owed, const delivery::RetryRule& usual) const {
  delivery::RetryRule rule = usual;
  rule.attempts_max = std::numeric_limits<int>::max();
  rule.age_left = kDeliveryAgeMax - (parts_.lanes.Time() - owed.accepted_at);
  return rule;
}

}  // namespace mayfly::logs
