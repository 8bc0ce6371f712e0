// IncomingMail: a message that has come, with its envelope, on its way to the receipt rules of one account and region: as a value, and as the
// delivery that it waits as (delivery/owed_delivery.h). And what services and functions are told of it.
// Source: SES developer guide, "Contents of notifications for Amazon SES email receiving".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "delivery/delivery.h"
#include "services/ses/mail.h"
#include "services/ses/receipt_rules.h"
#include "services/ses/ses_tables.h"

namespace mayfly::ses {

// Whom policies of functions, buckets and topics must let in.
inline constexpr std::string_view kOwnPrincipal = "ses.amazonaws.com";
inline constexpr size_t kMailBytesMax = 10 << 20;  // as SES sends by default
inline constexpr size_t kMailRecipientsMax = 50;   // of one message

struct IncomingMail {
  std::string message_id;
  std::string source;  // of the envelope; "" of a bounce
  std::vector<std::string> recipients;
  bool is_by_smtp = false;  // without TLS
  int64_t received_millis = 0;
  std::string raw;
};

// To the rules of a set.
delivery::Delivery MakeDelivery(const IncomingMail& mail, const RuleSetName& set);
IncomingMail ReadDelivery(const delivery::Delivery& delivery);

// What is told of one action on a mail.
struct ActionReport {
  const IncomingMail& mail;
  const Mail& header;  // of the mail as it is now
  std::vector<std::string> recipients;  // those that the rule is about
  WallTime time{};
  json::Value action;  // {"type":"Lambda","functionArn":…}
};
// {"Records":[{"eventSource":"aws:ses",…}]}, what a function is invoked with.
std::string WriteFunctionEvent(const ActionReport& report);
// {"notificationType":"Received",…}; `content`: the message as it is to stand there, null: without it.
std::string WriteNotification(const ActionReport& report, const std::string* content);

// {"type":…}: how an action of a rule is described. `object_key`: of an S3 action.
json::Value DescribeAction(const ReceiptAction& action, std::string_view object_key);
// The topic that hears of it, besides; "": none.
std::string TopicOf(const ReceiptAction& action);

}  // namespace mayfly::ses
