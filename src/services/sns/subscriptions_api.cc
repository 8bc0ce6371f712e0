#include "services/sns/subscriptions_api.h"

#include <fmt/format.h>

#include "base/text.h"
#include "services/sns/sns_errors.h"
#include "services/sns/topic_attributes.h"

namespace mayfly::sns {
namespace {

constexpr size_t kSubscriptionsPageMax = 100;
constexpr std::string_view kInAttributes = "Attributes Reason: ";

Error InvalidPage() { return InvalidParameter("NextToken"); }

Subscription Listed(const SubscriptionRow& subscription) {
  return {.subscription_arn = subscription.is_confirmed() ? subscription.name.Arn() : "PendingConfirmation",
          .owner = subscription.owner_account_id,
          .protocol = subscription.protocol,
          .endpoint = subscription.endpoint,
          .topic_arn = subscription.name.topic.Arn()};
}

// Fills the response of either list.
template <typename Response, typename Request>
Result<Response> ListPage(const Topics& topics, const Request& request, std::string prefix) {
  const resources::PageRequest wanted{.prefix = std::move(prefix),
                                      .marker = request.next_token == "" ? std::nullopt : request.next_token,
                                      .limit = kSubscriptionsPageMax,
                                      .bad_marker = &InvalidPage};
  const auto is_seen = [](const auto& row) { return !row.value->is_removed(); };
  MF_TRY(auto page, resources::NextPageIf(topics.subscriptions(), wanted, is_seen));
  Response response;
  auto& listed = response.subscriptions.emplace();
  for (const auto& row : page.rows) listed.push_back(Listed(*row.value));
  response.next_token = std::move(page.next_marker);
  return response;
}

}  // namespace

Task<Result<SubscribeResponse>> SubscriptionsApi::Subscribe(Context& ctx, SubscribeRequest request) {
  MF_CO_TRY(const TopicPointer topic, topics_->Get(request.topic_arn));
  const std::string endpoint = request.endpoint.value_or("");
  MF_CO_TRY_VOID(CheckEndpoint(request.protocol, endpoint, topic->name));
  SubscriptionRow wanted;
  wanted.name.topic = topic->name;
  wanted.protocol = request.protocol;
  wanted.endpoint = endpoint;
  wanted.owner_account_id = ctx.principal.account_id;
  for (const auto& [name, value] : request.attributes.value_or(wire::Map<std::string>())) {
    MF_CO_TRY_VOID(ApplySubscriptionAttribute(name, value, kInAttributes, wanted));
  }
  MF_CO_TRY_VOID(CheckSubscription(wanted, *topic, kInAttributes));
  if (NeedsConfirmation(wanted.protocol)) {
    wanted.state = "pending";
    wanted.token = topics_->NewToken();
    wanted.token_seconds = topics_->now_seconds();
  }
  const auto accepts = [&](const SubscriptionRow& existing) -> Result<> {
    if (HaveSameAttributes(existing, wanted)) return {};
    return Fail(InvalidParameter("Attributes", "Subscription already exists with different attributes"));
  };
  MF_CO_TRY(const auto subscribed, co_await topics_->Subscribe(ctx, wanted, accepts));
  const SubscriptionPointer& subscription = subscribed.subscription;
  if (subscription->is_pending()) MF_CO_TRY_VOID(co_await publisher_->SendConfirmation(ctx, subscription, Publisher::Confirmation::Joining));
  const bool shown = subscription->is_confirmed() || request.return_subscription_arn.value_or(false);
  co_return SubscribeResponse{.subscription_arn = shown ? subscription->name.Arn() : "pending confirmation"};
}

Task<Result<std::string>> SubscriptionsApi::Confirm(Context& ctx, std::string_view topic_arn, std::string token, std::string authenticate,
                                                    Signature signature) {
  MF_CO_TRY(const TopicPointer topic, topics_->Get(topic_arn));
  MF_CO_TRY(const SubscriptionPointer subscription, topics_->FindByToken(topic->name, token));
  const auto confirm = [&](SubscriptionRow& changed) -> Result<> {
    if (changed.token != token) return Fail(InvalidParameter("Token"));
    changed.state = "confirmed";
    changed.confirmed_with_signature = signature == Signature::Given;
    changed.authenticate_on_unsubscribe = EqualIgnoringCase(authenticate, "true");
    return {};
  };
  MF_CO_TRY_VOID(co_await topics_->EditSubscription(ctx, subscription->name, confirm));
  co_return subscription->name.Arn();
}

Task<Result<ConfirmSubscriptionResponse>> SubscriptionsApi::ConfirmSubscription(Context& ctx, ConfirmSubscriptionRequest request) {
  MF_CO_TRY(std::string arn, co_await Confirm(ctx, request.topic_arn, std::move(request.token), request.authenticate_on_unsubscribe.value_or(""),
                                              Signature::Given));
  co_return ConfirmSubscriptionResponse{.subscription_arn = std::move(arn)};
}

Task<Result<std::string>> SubscriptionsApi::ConfirmByLink(Context& ctx, std::string_view topic_arn, std::string token) {
  return Confirm(ctx, topic_arn, std::move(token), "", Signature::Missing);
}

// A web server is told, and may undo it as long as the token is good.
Task<Result<>> SubscriptionsApi::Remove(Context& ctx, SubscriptionPointer subscription) {
  if (!subscription->protocol.starts_with("http") || !subscription->is_confirmed()) {
    co_return co_await topics_->DeleteSubscription(ctx, subscription->name);
  }
  const auto remove = [this](SubscriptionRow& changed) -> Result<> {
    changed.state = "removed";
    changed.token = topics_->NewToken();
    changed.token_seconds = topics_->now_seconds();
    return {};
  };
  MF_CO_TRY_VOID(co_await topics_->EditSubscription(ctx, subscription->name, remove));
  const SubscriptionPointer removed = topics_->FindSubscription(subscription->name);
  if (!removed) co_return Result<>();
  co_return co_await publisher_->SendConfirmation(ctx, removed, Publisher::Confirmation::Leaving);
}

Task<Result<>> SubscriptionsApi::Unsubscribe(Context& ctx, UnsubscribeRequest request) {
  auto subscription = topics_->GetSubscription(request.subscription_arn);
  if (!subscription && subscription.error().IsService("NotFoundException")) co_return Result<>();
  if (!subscription) co_return Fail(std::move(subscription).error());
  co_return co_await Remove(ctx, std::move(*subscription));
}

Task<Result<>> SubscriptionsApi::UnsubscribeByLink(Context& ctx, std::string_view subscription_arn) {
  MF_CO_TRY(SubscriptionPointer subscription, topics_->GetSubscription(subscription_arn));
  if (subscription->authenticate_on_unsubscribe) {
    co_return Fail(NotAuthorized(fmt::format("the owner of {} alone may remove it, with a signed request", subscription_arn)));
  }
  co_return co_await Remove(ctx, std::move(subscription));
}

Task<Result<GetSubscriptionAttributesResponse>> SubscriptionsApi::GetSubscriptionAttributes(Context&, GetSubscriptionAttributesRequest request) {
  MF_CO_TRY(const SubscriptionPointer subscription, topics_->GetSubscription(request.subscription_arn));
  const TopicPointer topic = topics_->Find(subscription->name.topic);
  co_return GetSubscriptionAttributesResponse{.attributes = DescribeSubscription(*subscription, topic.get())};
}

Task<Result<>> SubscriptionsApi::SetSubscriptionAttributes(Context& ctx, SetSubscriptionAttributesRequest request) {
  MF_CO_TRY(const SubscriptionPointer subscription, topics_->GetSubscription(request.subscription_arn));
  const std::string value = request.attribute_value.value_or("");
  co_return co_await topics_->EditSubscription(ctx, subscription->name, [&](SubscriptionRow& changed) -> Result<> {
    MF_TRY_VOID(ApplySubscriptionAttribute(request.attribute_name, value, "", changed));
    const TopicPointer topic = topics_->Find(changed.name.topic);
    return topic ? CheckSubscription(changed, *topic, "") : Fail(TopicDoesNotExist());
  });
}

Task<Result<ListSubscriptionsResponse>> SubscriptionsApi::ListSubscriptions(Context& ctx, ListSubscriptionsRequest request) {
  co_return ListPage<ListSubscriptionsResponse>(*topics_, request, fmt::format("{}/{}/", ctx.principal.account_id, ctx.principal.region));
}

Task<Result<ListSubscriptionsByTopicResponse>> SubscriptionsApi::ListSubscriptionsByTopic(Context&, ListSubscriptionsByTopicRequest request) {
  MF_CO_TRY(const TopicPointer topic, topics_->Get(request.topic_arn));
  co_return ListPage<ListSubscriptionsByTopicResponse>(*topics_, request, topic->name.Key() + "/");
}

}  // namespace mayfly::sns
