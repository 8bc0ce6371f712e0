// The API of subscriptions: making, confirming, changing, listing and removing them. One per daemon, on its strand.
#pragma once

#include "model/sns.h"
#include "services/sns/topic_publisher.h"
#include "services/sns/topics.h"

namespace mayfly::sns {

class SubscriptionsApi final : public SubscriptionsHandler {
 public:
  // Both outlive this.
  SubscriptionsApi(Topics& topics, Publisher& publisher) : topics_(&topics), publisher_(&publisher) {}

  Task<Result<SubscribeResponse>> Subscribe(Context& ctx, SubscribeRequest request) override;
  Task<Result<ConfirmSubscriptionResponse>> ConfirmSubscription(Context& ctx, ConfirmSubscriptionRequest request) override;
  Task<Result<>> Unsubscribe(Context& ctx, UnsubscribeRequest request) override;
  Task<Result<GetSubscriptionAttributesResponse>> GetSubscriptionAttributes(Context& ctx, GetSubscriptionAttributesRequest request) override;
  Task<Result<>> SetSubscriptionAttributes(Context& ctx, SetSubscriptionAttributesRequest request) override;
  Task<Result<ListSubscriptionsResponse>> ListSubscriptions(Context& ctx, ListSubscriptionsRequest request) override;
  Task<Result<ListSubscriptionsByTopicResponse>> ListSubscriptionsByTopic(Context& ctx, ListSubscriptionsByTopicRequest request) override;

  // By a link, without a signature. The subscription's ARN. Errors as of the operations; AuthorizationError, the subscription's owner
  // alone may remove it.
  Task<Result<std::string>> ConfirmByLink(Context& ctx, std::string_view topic_arn, std::string token);
  Task<Result<>> UnsubscribeByLink(Context& ctx, std::string_view subscription_arn);

 private:
  enum class Signature : unsigned char { Given, Missing };
  Task<Result<std::string>> Confirm(Context& ctx, std::string_view topic_arn, std::string token, std::string authenticate, Signature signature);
  Task<Result<>> Remove(Context& ctx, SubscriptionPointer subscription);

  Topics* topics_;
  Publisher* publisher_;
};

}  // namespace mayfly::sns
