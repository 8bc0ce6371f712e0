// Subscriptions: what is logged to a group goes to a function, as far as a filter pattern matches it.
//
// Lines are gathered for a second, or until a message is full, packed by stream as CloudWatch packs them (gzip, base64), and owed through
// the daemon's durable lanes as deliveries of logs.amazonaws.com. From then on a message is delivered, or given up after 24 hours. What a
// crash takes from the log itself (its last second) it takes from here. A function's own group is not sent to that function: it would
// never end. One per daemon, on its strand.
// Limits: kPendingBytesMax of gathered lines in all; beyond, lines are left out and the daemon's log says so.
// Source: "Real-time processing of log data with subscriptions", "Subscription filter examples" of the user guide.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/loop.h"
#include "base/random.h"
#include "base/task_scope.h"
#include "delivery/delivery_worker.h"
#include "services/logs/filter_pattern.h"
#include "services/logs/log_groups.h"

namespace mayfly::logs {

inline constexpr std::string_view kSubscriptionSender = "logs";
inline constexpr size_t kSubscriptionsMax = 2;  // per group
inline constexpr size_t kMessageBytesMax = 512u << 10;
inline constexpr size_t kPendingBytesMax = 32u << 20;

class Subscriptions final : public delivery::Sender {
 public:
  struct Parts {
    LogGroups& groups;
    Loop& loop;
    delivery::DurableLanes& lanes;
    delivery::TargetRouter& targets;
    Random& random;
  };
  explicit Subscriptions(Parts parts) : parts_(parts), tasks_(parts.loop) {}

  // Begins to follow the groups that have subscriptions.
  void Start();
  // Owes what was gathered, and follows nothing any more.
  Task<> Stop();
  // All are gone (`POST /_mayfly/reset`), and what was gathered for them.
  void Forget();
  // After a change of the group's subscriptions.
  void Follow(const GroupKey& key);
  // What PutSubscriptionFilter asks before it takes a destination: a message that is no data. Error: InvalidParameterException.
  Task<Result<>> SendTest(Context& ctx, const GroupKey& key, const std::string& filter, const std::string& destination_arn);

  // --- delivery::Sender
  void OnGivenUp(const delivery::OwedDelivery& owed) override {}
  delivery::RetryRule RuleOf(const delivery::OwedDelivery& owed, const delivery::RetryRule& usual) const override;

 private:
  struct Line {
    int64_t millis;
    std::string text;
    FilterPattern::Extracted extracted;
  };
  struct Filter {
    std::string name;
    SubscriptionRow row;
    std::shared_ptr<const FilterPattern> pattern;
    std::map<std::string, std::vector<Line>> pending;  // by stream
  };
  struct Followed {
    GroupKey key;
    std::vector<Filter> filters;
    std::shared_ptr<void> listener;
  };
  void OnLine(Followed& followed, const store::LogLine& line);
  bool IsOwnGroup(const GroupKey& key, std::string_view destination_arn) const;
  void SetTimer();
  Task<> Send();
  void TakePending(Followed& followed, std::vector<delivery::LaneItem>& items);
  delivery::Delivery DeliveryOf(const GroupKey& key, const std::string& destination_arn, std::string body) const;
  std::string MessageOf(const GroupKey& key, const Filter& filter, std::string_view stream, const std::vector<Line>& lines, std::string_view type) const;

  Parts parts_;
  std::map<std::string, std::unique_ptr<Followed>> followed_;  // by the group's row
  size_t pending_bytes_ = 0;
  bool is_full_ = false;
  Loop::TimerId timer_ = 0;
  bool stopping_ = false;
  TaskScope tasks_;
};

}  // namespace mayfly::logs
