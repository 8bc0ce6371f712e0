#include "services/sns/endpoints.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/real_loop.h"
#include "identity/arn.h"
#include "services/sns/delivery_policy.h"
#include "services/sns/sns_errors.h"

namespace mayfly::sns {
namespace {

constexpr std::string_view kOwnService = "sns.amazonaws.com";
constexpr size_t kAnswerBytesMax = 64 * 1024;

std::string FieldOf(const delivery::Delivery& delivery, std::string_view name) {
  const auto found = std::ranges::find(delivery.attributes, name, &delivery::DeliveryAttribute::name);
  return found == delivery.attributes.end() ? std::string() : found->value;
}

PublishedAttribute FromDelivery(const delivery::DeliveryAttribute& attribute) {
  using Type = delivery::DeliveryAttribute::Type;
  std::string type = attribute.type == Type::Number ? "Number" : attribute.type == Type::Binary ? "Binary" : "String";
  if (!attribute.label.empty()) type += "." + attribute.label;
  return {attribute.name, std::move(type), attribute.value};
}

Error ToRepeat(std::string message) {
  Error error = Error::Fault(std::move(message));
  error.retryable = true;
  return error;
}

HttpPolicy PolicyOf(const Topics& topics, const SubscriptionRow& subscription) {
  const TopicPointer topic = topics.Find(subscription.name.topic);
  const auto of_topic = ReadTopicPolicy(topic ? topic->delivery_policy : "");
  const auto policy = ReadSubscriptionPolicy(subscription.delivery_policy, of_topic.value_or(TopicHttpPolicy()));
  return policy.value_or(HttpPolicy());
}

}  // namespace

Endpoints::Endpoints(RealLoop& loop, Topics& topics, Publisher& publisher, Outbox& outbox, const TopicAuthorizer& authorizer, http::Reach reach)
    : loop_(&loop), topics_(&topics), publisher_(&publisher), outbox_(&outbox), authorizer_(&authorizer),
      client_(loop, {.body_bytes_max = kAnswerBytesMax, .reach = reach}) {}

Result<> Endpoints::Authorize(const identity::RequestPrincipal& principal, std::string_view target_arn, const identity::ConditionKeys& keys) const {
  if (const auto topic = ParseTopicArn(target_arn)) return authorizer_->Authorize(principal, "sns:Publish", *topic, keys);
  if (!ParseSubscriptionArn(target_arn)) return Fail(InvalidParameter("TopicArn"));
  if (principal.service == kOwnService) return {};
  return Fail(NotAuthorized(fmt::format("nobody but its topic sends to {}", target_arn)));
}

Task<Result<>> Endpoints::Deliver(Context& ctx, const delivery::Delivery& delivery) {
  if (const auto topic = ParseTopicArn(delivery.target_arn)) co_return co_await PublishTo(ctx, *topic, delivery);
  const auto name = ParseSubscriptionArn(delivery.target_arn);
  const SubscriptionPointer subscription = name ? topics_->FindSubscription(*name) : nullptr;
  if (!subscription) co_return Fail(SubscriptionDoesNotExist());
  if (subscription->protocol == "http" || subscription->protocol == "https") co_return co_await Post(ctx, *subscription, delivery);
  co_return co_await Keep(ctx, *subscription, delivery);
}

Task<Result<>> Endpoints::PublishTo(Context& ctx, const TopicName& name, const delivery::Delivery& delivery) {
  const TopicPointer topic = topics_->Find(name);
  if (!topic) co_return Fail(TopicDoesNotExist());
  if (delivery.body.empty()) co_return Fail(InvalidParameter("Empty message"));
  Publication publication;
  publication.message = publication.content = delivery.body;
  if (delivery.principal.name == "s3.amazonaws.com") publication.subject = "Amazon S3 Notification";
  if (const auto source = identity::ParseArn(delivery.source_arn); source && source->service == "ses") publication.subject = "Amazon SES Email Receipt Notification";
  for (const auto& attribute : delivery.attributes) publication.attributes.push_back(FromDelivery(attribute));
  publication.group_id = delivery.message_group_id;
  publication.deduplication_id = delivery.message_deduplication_id;
  if (delivery.body.size() > static_cast<size_t>(topic->maximum_message_size > 0 ? topic->maximum_message_size : kMessageBytesMax)) {
    co_return Fail(InvalidParameter("Message too long"));
  }
  Context publishing = ctx;
  publishing.trace_header = delivery.trace_header;
  auto published = co_await publisher_->Publish(publishing, topic, std::move(publication));
  if (published) co_return Result<>();
  Error error = std::move(published).error();
  error.retryable = error.kind == Error::Kind::Fault;
  co_return Fail(std::move(error));
}

Task<Result<>> Endpoints::Post(Context& ctx, const SubscriptionRow& subscription, const delivery::Delivery& delivery) {
  const std::string type = FieldOf(delivery, "type");
  http::ClientRequest request{.method = "POST", .url = subscription.endpoint, .headers = {}, .body = delivery.body};
  request.headers.Add("x-amz-sns-message-type", type);
  request.headers.Add("x-amz-sns-message-id", FieldOf(delivery, "message-id"));
  request.headers.Add("x-amz-sns-topic-arn", subscription.name.topic.Arn());
  if (type != "SubscriptionConfirmation") request.headers.Add("x-amz-sns-subscription-arn", subscription.name.Arn());
  if (!FieldOf(delivery, "raw").empty()) request.headers.Add("x-amz-sns-rawdelivery", "true");
  request.headers.Add("Content-Type", PolicyOf(*topics_, subscription).content_type);
  request.headers.Add("User-Agent", "Amazon Simple Notification Service Agent");
  Context calling(*loop_);
  calling.stop = ctx.stop;
  calling.deadline = loop_->Now() + kAnswerTime;
  const auto answer = co_await client_.Send(calling, std::move(request));
  if (!answer) co_return Fail(ToRepeat(fmt::format("{}: {}", subscription.endpoint, answer.error().ToString())));
  if (answer->status >= 200 && answer->status < 300) co_return Result<>();
  std::string said = fmt::format("{} answered {}", subscription.endpoint, answer->status);
  if (answer->status >= 500 || answer->status == 429) co_return Fail(ToRepeat(std::move(said)));
  co_return Fail(Error::Service("HttpError", std::move(said)));
}

Task<Result<>> Endpoints::Keep(Context& ctx, const SubscriptionRow& subscription, const delivery::Delivery& delivery) {
  const TopicName& topic = subscription.name.topic;
  OutboxMessage message{.id = delivery.id, .account_id = topic.account_id, .region = topic.region, .protocol = subscription.protocol,
                        .endpoint = subscription.endpoint, .topic_arn = topic.Arn(), .subscription_arn = subscription.name.Arn(),
                        .type = FieldOf(delivery, "type"), .subject = FieldOf(delivery, "subject"), .body = delivery.body};
  if (subscription.protocol == "email" && message.subject.empty()) {
    message.subject = message.type == "SubscriptionConfirmation" ? "AWS Notification - Subscription Confirmation" : "AWS Notification Message";
  }
  co_return co_await outbox_->Add(ctx, std::move(message));
}

}  // namespace mayfly::sns
