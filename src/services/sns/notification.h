// Notification: a message on its way to subscribers, in the forms in which each kind of endpoint gets it.
//
// Pure functions. Source: AWS "HTTP/HTTPS notification JSON format", "Parsing Amazon SNS message formats", "Verifying the signatures",
// and recorded events of Lambda.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "services/sns/subscription_filter.h"

namespace mayfly::sns {

struct Notification {
  std::string type = "Notification";  // "SubscriptionConfirmation", "UnsubscribeConfirmation"
  std::string message_id;
  std::string topic_arn;
  std::string sequence_number;  // of FIFO topics; "" = none, as what follows
  std::string subject;
  std::string message;
  std::string timestamp;  // ISO 8601, milliseconds
  std::string token;          // of the two confirmations
  std::string subscribe_url;
  std::vector<PublishedAttribute> attributes;

  bool is_message() const { return type == "Notification"; }
};

struct MessageSignature {
  std::string version;  // "": the message has no signature
  std::string signature;
  std::string certificate_url;
};

// What is signed: names and values, a line each.
std::string TextToSign(const Notification& notification);
// For queues, web servers and email-json: the members in AWS's order, a line each. `unsubscribe_url`: of messages.
std::string WriteNotification(const Notification& notification, const MessageSignature& signature, std::string_view unsubscribe_url);
// For functions: {"Records":[…]}.
std::string WriteFunctionEvent(const Notification& notification, const MessageSignature& signature, std::string_view subscription_arn,
                               std::string_view unsubscribe_url);

}  // namespace mayfly::sns
