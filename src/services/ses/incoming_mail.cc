#include "services/ses/incoming_mail.h"

#include <algorithm>

#include "base/text.h"

namespace mayfly::ses {
namespace {

constexpr size_t kToldHeaderBytesMax = 10 * 1024;

void AddField(delivery::Delivery& delivery, std::string_view name, std::string value) {
  delivery::DeliveryAttribute& attribute = delivery.attributes.emplace_back();
  attribute.name = name;
  attribute.value = std::move(value);
}

json::Array Texts(const std::vector<std::string>& texts) { return json::Array(texts.begin(), texts.end()); }

void SetText(json::Value& object, const char* name, std::string_view text) {
  if (!text.empty()) object.Set(name, text);
}

void SetOptional(json::Value& object, const char* name, const std::optional<std::string>& text) {
  if (text) object.Set(name, *text);
}

void SetAddresses(json::Value& object, const char* name, std::string_view header) {
  if (!header.empty()) object.Set(name, Texts(AddressList(header)));
}

json::Value CommonHeaders(const ActionReport& report) {
  const Mail& mail = report.header;
  json::Value common{json::Object()};
  SetText(common, "returnPath", report.mail.source);
  SetAddresses(common, "from", mail.Header("From"));
  SetText(common, "date", mail.Header("Date"));
  SetAddresses(common, "to", mail.Header("To"));
  SetAddresses(common, "cc", mail.Header("Cc"));
  SetAddresses(common, "bcc", mail.Header("Bcc"));
  SetText(common, "sender", mail.Header("Sender"));
  SetAddresses(common, "replyTo", mail.Header("Reply-To"));
  SetText(common, "messageId", mail.Header("Message-ID"));
  SetText(common, "subject", mail.Header("Subject"));
  return common;
}

// Headers up to 10 KB.
json::Array ToldHeaders(const Mail& mail, bool& is_truncated) {
  json::Array headers;
  size_t bytes = 0;
  for (const MailHeader& header : mail.headers) {
    bytes += header.name.size() + header.value.size();
    is_truncated = bytes > kToldHeaderBytesMax;
    if (is_truncated) break;
    json::Value told{json::Object()};
    told.Set("name", header.name);
    told.Set("value", header.value);
    headers.push_back(std::move(told));
  }
  return headers;
}

json::Value DescribeMail(const ActionReport& report) {
  bool is_truncated = false;
  json::Array headers = ToldHeaders(report.header, is_truncated);
  json::Value mail{json::Object()};
  mail.Set("timestamp", FormatIso8601(WallTime(std::chrono::milliseconds(report.mail.received_millis))));
  mail.Set("source", report.mail.source);
  mail.Set("messageId", report.mail.message_id);
  mail.Set("destination", Texts(report.mail.recipients));
  mail.Set("headersTruncated", is_truncated);
  mail.Set("headers", std::move(headers));
  mail.Set("commonHeaders", CommonHeaders(report));
  return mail;
}

// Nothing here looks for spam and viruses, and no sender is looked up: that is what the verdicts say.
json::Value DescribeReceipt(const ActionReport& report) {
  const auto verdict = [](const char* status) {
    json::Value value{json::Object()};
    value.Set("status", status);
    return value;
  };
  json::Value receipt{json::Object()};
  receipt.Set("timestamp", FormatIso8601(report.time));
  receipt.Set("processingTimeMillis", std::max<int64_t>(0, ToEpochMillis(report.time) - report.mail.received_millis));
  receipt.Set("recipients", Texts(report.recipients));
  receipt.Set("spamVerdict", verdict("PROCESSING_FAILED"));
  receipt.Set("virusVerdict", verdict("PROCESSING_FAILED"));
  receipt.Set("spfVerdict", verdict("GRAY"));
  receipt.Set("dkimVerdict", verdict("GRAY"));
  receipt.Set("dmarcVerdict", verdict("GRAY"));
  receipt.Set("action", report.action);
  return receipt;
}

json::Value ActionOf(const char* type, const std::optional<std::string>& topic_arn) {
  json::Value action{json::Object()};
  action.Set("type", type);
  SetOptional(action, "topicArn", topic_arn);
  return action;
}

}  // namespace

delivery::Delivery MakeDelivery(const IncomingMail& mail, const RuleSetName& set) {
  delivery::Delivery delivery;
  delivery.id = mail.message_id;
  delivery.target_arn = delivery.source_arn = RuleSetArn(set.place, set.name);
  delivery.principal = delivery::DeliveryPrincipal::Service(std::string(kOwnPrincipal), set.place.account_id);
  delivery.body = mail.raw;
  AddField(delivery, "source", mail.source);
  for (const std::string& recipient : mail.recipients) AddField(delivery, "recipient", recipient);
  AddField(delivery, "received", std::to_string(mail.received_millis));
  if (mail.is_by_smtp) AddField(delivery, "smtp", "1");
  return delivery;
}

IncomingMail ReadDelivery(const delivery::Delivery& delivery) {
  IncomingMail mail{.message_id = delivery.id, .source = {}, .recipients = {}, .raw = delivery.body};
  for (const auto& attribute : delivery.attributes) {
    if (attribute.name == "source") mail.source = attribute.value;
    if (attribute.name == "recipient") mail.recipients.push_back(attribute.value);
    if (attribute.name == "received") mail.received_millis = ParseNumber<int64_t>(attribute.value).value_or(0);
    if (attribute.name == "smtp") mail.is_by_smtp = true;
  }
  return mail;
}

std::string WriteFunctionEvent(const ActionReport& report) {
  json::Value ses{json::Object()};
  ses.Set("mail", DescribeMail(report));
  ses.Set("receipt", DescribeReceipt(report));
  json::Value record{json::Object()};
  record.Set("eventSource", "aws:ses");
  record.Set("eventVersion", "1.0");
  record.Set("ses", std::move(ses));
  json::Value event{json::Object()};
  event.Set("Records", json::Array{std::move(record)});
  return json::Write(event);
}

std::string WriteNotification(const ActionReport& report, const std::string* content) {
  json::Value notification{json::Object()};
  notification.Set("notificationType", "Received");
  notification.Set("mail", DescribeMail(report));
  notification.Set("receipt", DescribeReceipt(report));
  if (content) notification.Set("content", *content);
  return json::Write(notification);
}

json::Value DescribeAction(const ReceiptAction& action, std::string_view object_key) {
  if (const auto& lambda = action.lambda_action) {
    json::Value told = ActionOf("Lambda", lambda->topic_arn);
    told.Set("functionArn", lambda->function_arn);
    told.Set("invocationType", lambda->invocation_type.value_or("Event"));
    return told;
  }
  if (const auto& s3 = action.s3_action) {
    json::Value told = ActionOf("S3", s3->topic_arn);
    told.Set("bucketName", s3->bucket_name);
    SetOptional(told, "objectKeyPrefix", s3->object_key_prefix);
    told.Set("objectKey", object_key);
    return told;
  }
  if (const auto& sns = action.sns_action) {
    json::Value told = ActionOf("SNS", sns->topic_arn);
    told.Set("encoding", sns->encoding == "Base64" ? "BASE64" : "UTF8");
    return told;
  }
  if (const auto& bounce = action.bounce_action) {
    json::Value told = ActionOf("Bounce", bounce->topic_arn);
    told.Set("smtpReplyCode", bounce->smtp_reply_code);
    SetOptional(told, "statusCode", bounce->status_code);
    told.Set("message", bounce->message);
    told.Set("sender", bounce->sender);
    return told;
  }
  return action.stop_action ? ActionOf("Stop", action.stop_action->topic_arn) : ActionOf("AddHeader", std::nullopt);
}

std::string TopicOf(const ReceiptAction& action) {
  if (action.lambda_action) return action.lambda_action->topic_arn.value_or("");
  if (action.s3_action) return action.s3_action->topic_arn.value_or("");
  if (action.bounce_action) return action.bounce_action->topic_arn.value_or("");
  return action.stop_action ? action.stop_action->topic_arn.value_or("") : "";
}

}  // namespace mayfly::ses
