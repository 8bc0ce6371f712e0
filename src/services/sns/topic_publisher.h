// Publisher: what is owed to a topic's subscribers when something is published to it.
//
// One delivery (delivery/owed_delivery.h) per subscription that wants the message, all of them in one commit: when Publish has ended they
// are durable. Functions and queues are delivered to by their own ARNs; everybody else by the ARN of the subscription (endpoints.h).
// A FIFO topic knows what was published with a deduplication id for five minutes (deduplication.h), and owes a group's messages in a lane
// of their own, in which they are worked on one after the other.
// One per daemon, on its strand.
#pragma once

#include "base/random.h"
#include "delivery/durable_lanes.h"
#include "delivery/owed_delivery.h"
#include "services/sns/deduplication.h"
#include "services/sns/links.h"
#include "services/sns/message_signer.h"
#include "services/sns/notification.h"
#include "services/sns/publication.h"
#include "services/sns/topics.h"

namespace mayfly::sns {

// By this name delivery::DeliveryWorker knows who owes.
inline constexpr std::string_view kSender = "sns";

class Publisher {
 public:
  // All outlive it.
  Publisher(Topics& topics, Deduplication& deduplication, MessageSigner& signer, delivery::DurableLanes& lanes, Random& random,
            const Clock& clock, Links links)
      : topics_(&topics), deduplication_(&deduplication), signer_(&signer), lanes_(&lanes), random_(&random), clock_(&clock), links_(std::move(links)) {}

  struct Published {
    std::string message_id;
    std::string sequence_number;  // of FIFO topics
  };
  // `message_id`: "" for a new one. Errors: InvalidParameter, of what a FIFO topic asks for; faults of the stores.
  Task<Result<Published>> Publish(Context& ctx, TopicPointer topic, Publication publication, std::string message_id = {});

  // Owes the endpoint of a subscription the request to confirm it, or the news that it has been removed.
  enum class Confirmation : unsigned char { Joining, Leaving };
  Task<Result<>> SendConfirmation(Context& ctx, SubscriptionPointer subscription, Confirmation kind);

  const Links& links() const { return links_; }

 private:
  class Signatures;
  Result<> CheckOfFifo(const TopicRow& topic, Publication& publication) const;
  Task<Result<>> FanOut(Context& ctx, const TopicRow& topic, const Publication& publication, const Published& published);
  Task<Result<delivery::LaneItem>> Owe(Context& ctx, const TopicRow& topic, const SubscriptionRow& subscription, const Publication& publication,
                                       const Notification& notification, Signatures& signatures);
  delivery::OwedDelivery NewOwed(const Context& ctx, const SubscriptionRow& subscription) const;

  Topics* topics_;
  Deduplication* deduplication_;
  MessageSigner* signer_;
  delivery::DurableLanes* lanes_;
  Random* random_;
  const Clock* clock_;
  Links links_;
};

}  // namespace mayfly::sns
