// TopicSender: what SNS knows of its deliveries that fail: how often and how soon they are tried again, and where they go in the end.
// Its dead letters are deliveries of a sender of their own, which has no further ones. One of each per daemon, on its strand.
#pragma once

#include "delivery/delivery_worker.h"
#include "services/sns/topics.h"

namespace mayfly::sns {

inline constexpr std::string_view kRedriveSender = "sns-redrive";

class TopicSender final : public delivery::Sender {
 public:
  // Both outlive it.
  TopicSender(Topics& topics, Random& random) : topics_(&topics), random_(&random) {}

  void OnGivenUp(const delivery::OwedDelivery& owed) override;
  // To the dead-letter queue of the subscription, where it has one.
  std::vector<delivery::LaneItem> InsteadOf(const delivery::OwedDelivery& owed, const delivery::GivenUp& given_up) override;
  // AWS's for functions and queues, the delivery policy's for web servers.
  delivery::RetryRule RuleOf(const delivery::OwedDelivery& owed, const delivery::RetryRule& usual) const override;

 private:
  SubscriptionPointer SubscriptionOf(const delivery::OwedDelivery& owed) const;

  Topics* topics_;
  Random* random_;
};

class RedriveSender final : public delivery::Sender {
 public:
  void OnGivenUp(const delivery::OwedDelivery& owed) override;
};

}  // namespace mayfly::sns
