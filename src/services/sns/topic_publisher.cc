#include "services/sns/topic_publisher.h"

#include <fmt/format.h>

#include <map>

#include "base/hash.h"
#include "services/sns/sns_errors.h"

namespace mayfly::sns {
namespace {

constexpr std::string_view kOwnPrincipal = "sns.amazonaws.com";

bool IsManaged(std::string_view protocol) { return protocol == "lambda" || protocol == "sqs"; }

delivery::DeliveryAttribute ToDelivery(const PublishedAttribute& attribute) {
  using Type = delivery::DeliveryAttribute::Type;
  const size_t dot = attribute.data_type.find('.');
  return {.name = attribute.name,
          .type = attribute.is("Number") ? Type::Number : attribute.is("Binary") ? Type::Binary : Type::String,
          .value = attribute.value,
          .label = dot == std::string::npos ? std::string() : attribute.data_type.substr(dot + 1)};
}

void AddField(delivery::Delivery& delivery, std::string_view name, std::string_view value) {
  delivery.attributes.push_back({.name = std::string(name), .value = std::string(value), .label = {}});
}

MessageSigner::Version VersionOf(const TopicRow& topic, const SubscriptionRow& subscription) {
  return topic.signature_version == "2" && subscription.protocol != "lambda" ? MessageSigner::Version::Sha256 : MessageSigner::Version::Sha1;
}

}  // namespace

// Those of one publication: a signature for each text that its protocols have, of each version.
class Publisher::Signatures {
 public:
  Signatures(MessageSigner& signer, const Links& links) : signer_(&signer), links_(&links) {}

  Task<Result<MessageSignature>> Of(const Notification& notification, MessageSigner::Version version) {
    MF_CO_TRY_VOID(co_await signer_->Prepare());
    std::string text = TextToSign(notification);
    const std::pair key(version, text);
    auto made = made_.find(key);
    if (made == made_.end()) {
      MF_CO_TRY(std::string signature, co_await signer_->Sign(std::move(text), version));
      made = made_.emplace(key, std::move(signature)).first;
    }
    co_return MessageSignature{.version = std::to_string(static_cast<int>(version)), .signature = made->second,
                               .certificate_url = links_->Certificate(signer_->certificate_name())};
  }

 private:
  MessageSigner* signer_;
  const Links* links_;
  std::map<std::pair<MessageSigner::Version, std::string>, std::string> made_;
};

Result<> Publisher::CheckOfFifo(const TopicRow& topic, Publication& publication) const {
  if (!topic.name.is_fifo()) {
    if (publication.deduplication_id.empty()) return {};
    return Fail(InvalidParameter("MessageDeduplicationId", "The request includes MessageDeduplicationId parameter that is not valid for this topic type"));
  }
  if (publication.group_id.empty()) return Fail(InvalidParameter("The MessageGroupId parameter is required for FIFO topics"));
  if (!publication.deduplication_id.empty()) return {};
  if (!topic.content_based_deduplication) {
    return Fail(InvalidParameter("The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"));
  }
  publication.deduplication_id = Sha256Hex(publication.content);
  return {};
}

Task<Result<Publisher::Published>> Publisher::Publish(Context& ctx, TopicPointer topic, Publication publication, std::string message_id) {
  MF_CO_TRY_VOID(CheckOfFifo(*topic, publication));
  Published published{.message_id = message_id.empty() ? random_->Uuid() : std::move(message_id), .sequence_number = {}};
  if (!topic->name.is_fifo()) {
    MF_CO_TRY_VOID(co_await FanOut(ctx, *topic, publication, published));
    co_return published;
  }
  const std::string_view group = topic->deduplicates_per_group ? std::string_view(publication.group_id) : std::string_view();
  const std::string key = fmt::format("{}/{}\n{}", topic->name.Key(), group, publication.deduplication_id);
  MF_CO_TRY(auto message, co_await deduplication_->Take(ctx, key, published.message_id));
  published = {.message_id = std::move(message.message_id), .sequence_number = fmt::format("1{:019}", message.number)};
  if (message.is_repeated) co_return published;
  MF_CO_TRY_VOID(co_await FanOut(ctx, *topic, publication, published));
  deduplication_->MarkOwed(key);
  co_return published;
}

Task<Result<>> Publisher::FanOut(Context& ctx, const TopicRow& topic, const Publication& publication, const Published& published) {
  Notification notification{.message_id = published.message_id, .topic_arn = topic.name.Arn(), .sequence_number = published.sequence_number,
                            .subject = publication.subject, .message = {}, .timestamp = FormatIso8601(clock_->WallNow()), .token = {},
                            .subscribe_url = {}, .attributes = publication.attributes};
  Signatures signatures(*signer_, links_);
  std::vector<delivery::LaneItem> owed;
  for (const SubscriptionPointer& subscription : topics_->SubscriptionsOf(topic.name)) {
    if (!subscription->is_confirmed()) continue;
    notification.message = publication.MessageFor(subscription->protocol);
    if (!topics_->Wants(subscription, notification.message, publication.attributes)) continue;
    MF_CO_TRY(auto item, co_await Owe(ctx, topic, *subscription, publication, notification, signatures));
    owed.push_back(std::move(item));
  }
  co_return co_await lanes_->AppendAll(ctx, std::move(owed));
}

delivery::OwedDelivery Publisher::NewOwed(const Context& ctx, const SubscriptionRow& subscription) const {
  const std::string arn = subscription.name.Arn();
  delivery::OwedDelivery owed{.sender = std::string(kSender), .owner_arn = arn, .delivery = {}, .attempts = 0, .accepted_at = lanes_->Time()};
  delivery::Delivery& delivery = owed.delivery;
  delivery.id = random_->Uuid();
  delivery.target_arn = IsManaged(subscription.protocol) ? subscription.endpoint : arn;
  delivery.source_arn = subscription.name.topic.Arn();
  delivery.principal = delivery::DeliveryPrincipal::Service(std::string(kOwnPrincipal), subscription.name.topic.account_id);
  delivery.trace_header = ctx.trace_header;
  return owed;
}

Task<Result<delivery::LaneItem>> Publisher::Owe(Context& ctx, const TopicRow& topic, const SubscriptionRow& subscription, const Publication& publication,
                                                const Notification& notification, Signatures& signatures) {
  delivery::OwedDelivery owed = NewOwed(ctx, subscription);
  delivery::Delivery& delivery = owed.delivery;
  const std::string unsubscribe = links_.Unsubscribe(owed.owner_arn);
  const bool raw = subscription.raw_message_delivery && subscription.protocol != "lambda";
  MessageSignature signature;
  if (!raw && !topic.name.is_fifo()) {
    MF_CO_TRY(signature, co_await signatures.Of(notification, VersionOf(topic, subscription)));
  }
  if (raw) {
    delivery.body = notification.message;
  } else if (subscription.protocol == "lambda") {
    delivery.body = WriteFunctionEvent(notification, signature, owed.owner_arn, unsubscribe);
  } else if (subscription.protocol == "email" || subscription.protocol == "sms" || subscription.protocol == "application") {
    delivery.body = notification.message;
  } else {
    delivery.body = WriteNotification(notification, signature, unsubscribe);
  }
  if (subscription.protocol == "sqs") {
    // A standard queue behind a FIFO topic has no groups.
    const bool grouped = !topic.name.is_fifo() || subscription.endpoint.ends_with(".fifo");
    if (grouped) delivery.message_group_id = publication.group_id;
    if (topic.name.is_fifo() && grouped) delivery.message_deduplication_id = publication.deduplication_id;
    if (raw) {
      for (const PublishedAttribute& attribute : publication.attributes) delivery.attributes.push_back(ToDelivery(attribute));
    }
  } else if (!IsManaged(subscription.protocol)) {
    AddField(delivery, "type", notification.type);
    AddField(delivery, "message-id", notification.message_id);
    AddField(delivery, "subject", notification.subject);
    if (raw) AddField(delivery, "raw", "true");
  }
  co_return topic.name.is_fifo() ? delivery::OrderedItemOf(owed) : delivery::ItemOf(owed);
}

Task<Result<>> Publisher::SendConfirmation(Context& ctx, SubscriptionPointer subscription, Confirmation kind) {
  const bool joins = kind == Confirmation::Joining;
  const std::string topic_arn = subscription->name.topic.Arn(), arn = subscription->name.Arn();
  Notification notification{.type = joins ? "SubscriptionConfirmation" : "UnsubscribeConfirmation", .message_id = random_->Uuid(),
                            .topic_arn = topic_arn, .sequence_number = {}, .subject = {}, .message = {},
                            .timestamp = FormatIso8601(clock_->WallNow()), .token = subscription->token,
                            .subscribe_url = links_.Confirm(topic_arn, subscription->token), .attributes = {}};
  notification.message =
      joins ? fmt::format("You have chosen to subscribe to the topic {}.\nTo confirm the subscription, visit the SubscribeURL included in this message.", topic_arn)
            : fmt::format("You have chosen to deactivate subscription {}.\nTo cancel this operation and restore the subscription, visit the SubscribeURL included in this message.", arn);
  Signatures signatures(*signer_, links_);
  const TopicPointer topic = topics_->Find(subscription->name.topic);
  const auto version = topic ? VersionOf(*topic, *subscription) : MessageSigner::Version::Sha1;
  MF_CO_TRY(const auto signature, co_await signatures.Of(notification, version));
  delivery::OwedDelivery owed = NewOwed(ctx, *subscription);
  owed.delivery.body = WriteNotification(notification, signature, "");
  AddField(owed.delivery, "type", notification.type);
  AddField(owed.delivery, "message-id", notification.message_id);
  co_return co_await lanes_->Append(ctx, delivery::ItemOf(owed));
}

}  // namespace mayfly::sns
