// FakeQueue: a queue service in memory, for tests: visibility, receive counts, a dead-letter queue, slow and failing commits.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/sim_loop.h"
#include "sources/queue_source.h"

namespace mayfly::sources {

class FakeQueue final : public QueueSource {
 public:
  FakeQueue(SimLoop& loop, Random& random) : loop_(&loop), random_(&random), changed_(loop) {}

  // --- what tests set and look at ---
  bool exists = true;
  Duration visibility = std::chrono::seconds(30);
  int64_t receives_max = 1'000'000;  // then the message goes to `dead_letters`
  Duration commit_takes{};           // at most; drawn
  Duration receive_takes{};
  double fault_chance = 0;           // of every call
  bool ordered = false;              // a FIFO queue: groups, and handles that expire
  std::set<std::string> dead_letters;
  std::set<std::string> deleted;
  int delete_calls = 0;
  int receive_calls = 0;

  std::string Send(std::string body, std::string group = "") {
    auto message = std::make_shared<QueueMessage>();
    message->group_id = std::move(group);
    message->message_id = "m" + std::to_string(++last_id_);
    message->body = std::move(body);
    message->md5_of_body = "d41d8cd98f00b204e9800998ecf8427e";
    message->sender_id = "AIDA";
    message->sent_epoch_millis = ToEpochMillis(loop_->WallNow());
    return Send(std::move(message));
  }
  std::string Send(std::shared_ptr<const QueueMessage> message) {
    const std::string id = message->message_id;
    messages_[id] = {std::move(message), {}, 0};
    sent_.push_back(id);
    visible_.push_back(id);
    changed_.Pulse();
    return id;
  }
  size_t size() const { return messages_.size(); }
  size_t visible() const { return visible_.size(); }
  int64_t receives_of(const std::string& id) const { return messages_.at(id).receives; }
  void Drop() {
    exists = false;
    messages_.clear();
    visible_.clear();
    changed_.Pulse();
  }

  // --- the port ---
  Task<Result<QueueDescription>> Describe(Context&, std::string) override {
    if (!exists) co_return Missing();
    co_return QueueDescription{std::chrono::duration_cast<std::chrono::seconds>(visibility), static_cast<int64_t>(visible_.size()),
                               static_cast<int64_t>(messages_.size() - visible_.size()), 0};
  }

  Task<Result<ReceivedMessages>> Receive(Context& ctx, ReceiveRequest request) override {
    ++receive_calls;
    MF_ASSERT(request.messages_max >= 1 && request.messages_max <= 10'000);
    const TimePoint until = loop_->Now() + request.wait;
    if (receive_takes.count() > 0) co_await Sleep(ctx, receive_takes);
    if (Unlucky()) co_return Fail(Error::Fault("the store is broken"));
    while (true) {
      if (!exists) co_return Missing();
      ReceivedMessages received = Take(request);
      if (!received.messages.empty()) co_return received;
      Context bounded = ctx.WithDeadline(until);
      auto waited = co_await changed_.Wait(bounded);
      if (waited) continue;
      if (ctx.stop.stop_requested()) co_return Fail(Error::Cancelled());
      co_return ReceivedMessages{};
    }
  }

  Task<Result<>> Delete(Context& ctx, std::string, std::vector<std::string> receipt_handles) override {
    ++delete_calls;
    if (!exists) co_return Missing();
    if (Unlucky()) co_return Fail(Error::Fault("the store is broken"));
    co_await Commit(ctx);
    for (const std::string& handle : receipt_handles) {
      const std::string id = handle.substr(0, handle.find('/'));
      const auto found = messages_.find(id);
      if (found == messages_.end()) continue;
      if (ordered && (found->second.handle != handle || found->second.hidden_until <= loop_->Now())) continue;
      std::erase(visible_, id);
      messages_.erase(found);
      deleted.insert(id);
    }
    if (ordered) changed_.Pulse();  // what stood behind them in their groups
    co_return Result<>();
  }

  Task<Result<>> ChangeVisibility(Context& ctx, std::string, std::vector<VisibilityChange> changes) override {
    if (!exists) co_return Missing();
    co_await Commit(ctx);
    for (const VisibilityChange& change : changes) {
      const std::string id = change.receipt_handle.substr(0, change.receipt_handle.find('/'));
      const auto found = messages_.find(id);
      if (found == messages_.end() || found->second.handle != change.receipt_handle) continue;
      found->second.hidden_until = loop_->Now() + change.hidden_for;
      Reappear(id, found->second.hidden_until);
    }
    co_return Result<>();
  }

 private:
  struct Stored {
    std::shared_ptr<const QueueMessage> message;
    std::string handle;
    int64_t receives = 0;
    int64_t first_received = 0;
    TimePoint hidden_until{};
  };

  static std::unexpected<Error> Missing() { return Fail(Error::Service(kQueueDoesNotExist, "The specified queue does not exist.")); }
  bool Unlucky() { return fault_chance > 0 && random_->Unit() < fault_chance; }
  Task<> Commit(Context& ctx) {
    if (commit_takes.count() > 0) co_await Sleep(ctx, Duration(static_cast<int64_t>(random_->Below(static_cast<uint64_t>(commit_takes.count())))));
  }

  ReceivedMessages Take(const ReceiveRequest& request) {
    ReceivedMessages received;
    received.hidden_until = loop_->Now() + visibility;
    size_t bytes = 0;
    if (ordered) OnlyInOrder();
    while (!visible_.empty() && received.messages.size() < request.messages_max) {
      const std::string id = visible_.front();
      Stored& stored = messages_.at(id);
      if (stored.receives >= receives_max) {
        visible_.pop_front();
        messages_.erase(id);
        dead_letters.insert(id);
        continue;
      }
      bytes += stored.message->body.size();
      if (bytes > request.body_bytes_max && !received.messages.empty()) break;
      visible_.pop_front();
      ++stored.receives;
      if (stored.receives == 1) stored.first_received = ToEpochMillis(loop_->WallNow());
      stored.handle = id + "/" + std::to_string(stored.receives);
      stored.hidden_until = received.hidden_until;
      Reappear(id, stored.hidden_until);
      received.messages.push_back({stored.message, stored.handle, stored.receives, stored.first_received});
    }
    return received;
  }

  // Leaves visible what is not behind an earlier message of its group, and brings it into its order.
  void OnlyInOrder() {
    visible_.clear();
    std::set<std::string> held;
    std::erase_if(sent_, [this](const std::string& id) { return !messages_.contains(id); });
    for (const std::string& id : sent_) {
      const Stored& stored = messages_.at(id);
      const std::string& group = stored.message->group_id;
      if (stored.hidden_until > loop_->Now()) held.insert(group);
      if (!held.contains(group)) visible_.push_back(id);
    }
  }

  void Reappear(const std::string& id, TimePoint when) {
    loop_->CallAt(when, [this, id, when] {
      const auto found = messages_.find(id);
      if (found == messages_.end() || found->second.hidden_until != when) return;
      found->second.hidden_until = TimePoint::min();
      visible_.push_back(id);
      changed_.Pulse();
    });
  }

  SimLoop* loop_;
  Random* random_;
  Event changed_;
  std::map<std::string, Stored> messages_;
  std::deque<std::string> visible_;
  std::vector<std::string> sent_;  // in order
  int last_id_ = 0;
};

}  // namespace mayfly::sources
