// DeliveryWorker: one attempt at a delivery that is owed. DurableLanes calls it for each item of a lane of deliveries.
//
// A target that refuses for good (its policy does not let the principal in, it does not exist), or fails as often or as long as the
// sender's rule allows, is given up: the log says it, the sender is told, and what it owes instead (a dead letter) is committed together
// with the end. One per daemon, on its strand.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "delivery/durable_lanes.h"
#include "delivery/owed_delivery.h"
#include "delivery/target_router.h"

namespace mayfly::delivery {

struct DeliveryOptions {
  int attempts_max = 5;
  Duration backoff_min = std::chrono::seconds(1);  // doubled after each failure
  Duration backoff_max = std::chrono::minutes(5);
  Duration timeout = std::chrono::seconds(30);     // the deadline that a target is given
};

// How often and how long one delivery is tried.
struct RetryRule {
  int attempts_max = 5;                     // the first one included
  Duration age_left = Duration::max();      // until no further attempt is made; an attempt that is due then is the last
  Duration backoff_min = std::chrono::seconds(1);
  Duration backoff_max = std::chrono::minutes(5);
};

// Why a delivery has been given up.
struct GivenUp {
  enum class Why : unsigned char {
    Refused,   // for good: `error` says by what
    Attempts,  // it has failed as often as it may
    Age,       // it has failed, and is too old to be tried again
  };
  Why why = Why::Refused;
  Error error;  // of the last attempt
};

// Who owes deliveries. A service has one for each of its kinds of deliveries that it counts by itself.
class Sender {
 public:
  virtual ~Sender() = default;
  // It is given up, and will not be tried again. To be counted; after a crash this may be told twice.
  virtual void OnGivenUp(const OwedDelivery& owed) = 0;
  // The target has it. After a crash this may be told twice.
  virtual void OnDelivered(const OwedDelivery& owed) {}
  // What is owed because it is given up; committed together with its end, before OnGivenUp is told.
  virtual std::vector<LaneItem> InsteadOf(const OwedDelivery& owed, const GivenUp& given_up) { return {}; }
  // Asked after each failure that may be repeated. `usual`: the daemon's own rule.
  virtual RetryRule RuleOf(const OwedDelivery& owed, const RetryRule& usual) const { return usual; }
};

class DeliveryWorker final : public LaneWorker {
 public:
  DeliveryWorker(Loop& loop, TargetRouter& targets, DeliveryOptions options) : loop_(&loop), targets_(&targets), options_(options) {}

  // Deliveries whose `sender` is `name` are its. Before the lanes are opened; `sender` outlives the worker's last delivery.
  void AddSender(std::string name, Sender& sender);

  Task<Verdict> Work(Context& ctx, const std::string& payload) override;

 private:
  Context MakeContext(const Context& ctx, const OwedDelivery& owed) const;
  Sender* SenderOf(const OwedDelivery& owed) const;
  RetryRule RuleOf(const OwedDelivery& owed) const;
  Verdict Judge(OwedDelivery owed, const Error& error) const;
  Verdict GiveUp(const OwedDelivery& owed, GivenUp given_up) const;

  Loop* loop_;
  TargetRouter* targets_;
  DeliveryOptions options_;
  std::map<std::string, Sender*, std::less<>> senders_;
};

}  // namespace mayfly::delivery
