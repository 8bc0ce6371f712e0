#include "services/sns/service.h"

#include "base/real_loop.h"
#include "services/sns/endpoints.h"
#include "services/sns/pages.h"
#include "services/sns/publish_api.h"
#include "services/sns/subscriptions_api.h"
#include "services/sns/text_messages_api.h"
#include "services/sns/topic_sender.h"
#include "services/sns/topics_api.h"

namespace mayfly::sns {
namespace {

class SnsService final : public services::Service {
 public:
  static Task<Result<std::unique_ptr<services::Service>>> Open(Context& ctx, const services::Commons& commons, services::Ports& ports) {
    auto service = std::make_unique<SnsService>(commons);
    MF_CO_TRY_VOID(co_await service->topics_.Open(ctx));
    MF_CO_TRY_VOID(co_await service->deduplication_.Open(ctx));
    MF_CO_TRY_VOID(co_await service->outbox_.Open(ctx));
    MF_CO_TRY_VOID(co_await service->text_messages_api_.Open(ctx));
    commons.deliveries->AddSender(std::string(kSender), service->sender_);
    commons.deliveries->AddSender(std::string(kRedriveSender), service->redrive_);
    ports.Offer<delivery::Target>(service->endpoints_, "sns");
    ports.Offer<delivery::OutgoingMessages>(service->outbox_);
    ports.Offer<services::Page>(service->outbox_page_, "outbox");
    ports.Offer<services::Page>(service->link_page_, "sns");
    co_return service;
  }

  explicit SnsService(const services::Commons& commons)
      : topics_(*commons.calendar, *commons.store, *commons.random),
        deduplication_(*commons.store, *commons.calendar),
        outbox_(*commons.store, *commons.calendar),
        signer_(*commons.loop, *commons.files, commons.data_path + "/sns-signing.pem"),
        publisher_(topics_, deduplication_, signer_, *commons.lanes, *commons.random, *commons.calendar, Links(commons.origin)),
        authorizer_(topics_, *commons.identities, *commons.calendar),
        endpoints_(*commons.loop, topics_, publisher_, outbox_, authorizer_, commons.reach),
        sender_(topics_, *commons.random),
        topics_api_(topics_),
        subscriptions_api_(topics_, publisher_),
        publish_api_(topics_, publisher_, outbox_, *commons.random),
        text_messages_api_(*commons.store, topics_, outbox_, *commons.random),
        outbox_page_(outbox_),
        link_page_(subscriptions_api_, signer_),
        endpoint_(kService, &handlers_, authorizer_.AsFunction(), commons.observer, commons.files) {}

  wire::Endpoint& endpoint() override { return endpoint_; }
  Task<> Stop() override { return topics_.Stop(); }
  Task<Result<>> Reset(Context&) override {
    deduplication_.Clear();
    outbox_.Clear();
    co_return Result<>();
  }

 private:
  Topics topics_;
  Deduplication deduplication_;
  Outbox outbox_;
  MessageSigner signer_;
  Publisher publisher_;
  TopicAuthorizer authorizer_;
  Endpoints endpoints_;
  TopicSender sender_;
  RedriveSender redrive_;
  TopicsApi topics_api_;
  SubscriptionsApi subscriptions_api_;
  PublishApi publish_api_;
  TextMessagesApi text_messages_api_;
  OutboxPage outbox_page_;
  LinkPage link_page_;
  Handlers handlers_{.topics = topics_api_, .subscriptions = subscriptions_api_, .messages = publish_api_, .tags = topics_api_,
                     .data_protection = text_messages_api_, .text_messages = text_messages_api_};
  wire::Endpoint endpoint_;
};

}  // namespace

services::Declaration Declare() {
  return {.name = "sns",
          .offers = {services::PortOf<delivery::Target>("sns"), services::PortOf<delivery::OutgoingMessages>(), services::PortOf<services::Page>("outbox"), services::PortOf<services::Page>("sns")},
          .needs = {},
          .options = {},
          .open = [](Context& ctx, const services::Commons& commons, services::Ports& ports) { return SnsService::Open(ctx, commons, ports); }};
}

}  // namespace mayfly::sns
