// DeliveryWorker: one attempt at a delivery that is owed. DurableLanes calls it for each item of a lane of deliveries.
//
// A target that refuses for good (its policy does not let the principal in, it does not exist), or fails `attempts_max`
// times, is given up: the log says it, and the sender is told. One per daemon, on its strand.
#pragma once

#include <map>
#include <string>

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

// Who owes deliveries. A service has one for each of its kinds of deliveries that it counts by itself.
class Sender {
 public:
  virtual ~Sender() = default;
  // It is given up, and will not be tried again. To be counted; after a crash this may be told twice.
  virtual void OnGivenUp(const OwedDelivery& owed) = 0;
};

class DeliveryWorker final : public LaneWorker {
 public:
  DeliveryWorker(Loop& loop, TargetRouter& targets, DeliveryOptions options) : loop_(&loop), targets_(&targets), options_(options) {}

  // Deliveries whose `sender` is `name` are its. Before the lanes are opened; `sender` outlives the worker's last delivery.
  void AddSender(std::string name, Sender& sender);

  Task<Verdict> Work(Context& ctx, const std::string& payload) override;

 private:
  Context MakeContext(const Context& ctx, const OwedDelivery& owed) const;
  bool IsToBeTriedAgain(const OwedDelivery& owed, const Error& error) const;
  Verdict GiveUp(const OwedDelivery& owed, const Error& error);

  Loop* loop_;
  TargetRouter* targets_;
  DeliveryOptions options_;
  std::map<std::string, Sender*, std::less<>> senders_;
};

}  // namespace mayfly::delivery
