// What SNS shows beside its API: the outbox, and for whoever has got a message its certificate and its links. One of each per daemon.
#pragma once

#include "services/page.h"
#include "services/sns/message_signer.h"
#include "services/sns/outbox.h"
#include "services/sns/subscriptions_api.h"

namespace mayfly::sns {

// GET /_mayfly/outbox?limit=N: {"messages":[…]}, newest first.
class OutboxPage final : public services::Page {
 public:
  explicit OutboxPage(Outbox& outbox) : outbox_(&outbox) {}
  Task<http::Response> Get(Context& ctx, const http::Request& request, std::string_view rest, std::string account_id) override;

 private:
  Outbox* outbox_;
};

// GET /_mayfly/sns/SimpleNotificationService-….pem, and /_mayfly/sns/ConfirmSubscription?… and /_mayfly/sns/Unsubscribe?…, which answer as the API does.
class LinkPage final : public services::Page {
 public:
  LinkPage(SubscriptionsApi& subscriptions, MessageSigner& signer) : subscriptions_(&subscriptions), signer_(&signer) {}
  Access access() const override { return Access::Public; }
  Task<http::Response> Get(Context& ctx, const http::Request& request, std::string_view rest, std::string account_id) override;

 private:
  Task<Result<std::string>> Follow(Context& ctx, const http::Request& request, std::string action);

  SubscriptionsApi* subscriptions_;
  MessageSigner* signer_;
};

}  // namespace mayfly::sns
