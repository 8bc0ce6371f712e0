#include "services/sns/topic_sender.h"

#include "base/log.h"
#include "delivery/owed_delivery.h"
#include "services/sns/delivery_policy.h"

namespace mayfly::sns {
namespace {

// What a queue gets beside the message: all of them strings.
void Note(delivery::Delivery& delivery, std::string_view name, std::string_view value) {
  delivery.attributes.push_back({.name = std::string(name), .value = std::string(value), .label = {}});
}

RetryPolicy PolicyFor(const Topics& topics, const SubscriptionRow& subscription) {
  if (!subscription.protocol.starts_with("http")) return kManagedRetries;
  const TopicPointer topic = topics.Find(subscription.name.topic);
  const auto of_topic = ReadTopicPolicy(topic ? topic->delivery_policy : "").value_or(TopicHttpPolicy());
  return ReadSubscriptionPolicy(subscription.delivery_policy, of_topic).value_or(of_topic.http).retry;
}

}  // namespace

SubscriptionPointer TopicSender::SubscriptionOf(const delivery::OwedDelivery& owed) const {
  const auto name = ParseSubscriptionArn(owed.owner_arn);
  return name ? topics_->FindSubscription(*name) : nullptr;
}

void TopicSender::OnGivenUp(const delivery::OwedDelivery& owed) { log::Debug("{} has lost delivery {}", owed.owner_arn, owed.delivery.id); }

std::vector<delivery::LaneItem> TopicSender::InsteadOf(const delivery::OwedDelivery& owed, const delivery::GivenUp& given_up) {
  const SubscriptionPointer subscription = SubscriptionOf(owed);
  if (!subscription || subscription->dead_letter_arn.empty()) return {};
  delivery::OwedDelivery letter{.sender = std::string(kRedriveSender), .owner_arn = owed.owner_arn, .delivery = owed.delivery, .attempts = 0,
                                .accepted_at = owed.accepted_at};
  letter.delivery.target_arn = subscription->dead_letter_arn;
  letter.delivery.id = random_->Uuid();
  letter.delivery.attributes.clear();
  const bool fifo = subscription->dead_letter_arn.ends_with(".fifo");
  if (fifo && letter.delivery.message_group_id.empty()) letter.delivery.message_group_id = subscription->name.id;
  if (fifo && letter.delivery.message_deduplication_id.empty()) letter.delivery.message_deduplication_id = letter.delivery.id;
  Note(letter.delivery, "RequestID", owed.delivery.id);
  Note(letter.delivery, "ErrorCode", given_up.error.code.empty() ? "InternalError" : given_up.error.code);
  Note(letter.delivery, "ErrorMessage", given_up.error.message.empty() ? "the delivery failed" : given_up.error.message.substr(0, 1000));
  return {subscription->name.topic.is_fifo() ? delivery::OrderedItemOf(letter) : delivery::ItemOf(letter)};
}

// What is asked for is one attempt: the delay before it stands for the whole rule.
delivery::RetryRule TopicSender::RuleOf(const delivery::OwedDelivery& owed, const delivery::RetryRule& usual) const {
  const SubscriptionPointer subscription = SubscriptionOf(owed);
  if (!subscription) return usual;
  const RetryPolicy policy = PolicyFor(*topics_, *subscription);
  const Duration delay = policy.DelayBefore(owed.attempts);
  return {.attempts_max = policy.retries + 1, .age_left = usual.age_left, .backoff_min = delay, .backoff_max = delay};
}

void RedriveSender::OnGivenUp(const delivery::OwedDelivery& owed) {
  log::Warning("a dead letter of {} is lost: {} does not take it", owed.owner_arn, owed.delivery.target_arn);
}

}  // namespace mayfly::sns
