#include "services/sns/notification.h"

#include <utility>

#include "base/encoding.h"
#include "base/json.h"

namespace mayfly::sns {
namespace {

// Its value as JSON has it.
std::string ValueText(const PublishedAttribute& attribute) { return attribute.is("Binary") ? Base64Encode(attribute.value) : attribute.value; }

void AppendAttribute(const PublishedAttribute& attribute, std::string& out) {
  out += R"({"Type":)";
  json::WriteString(attribute.data_type, out);
  out += R"(,"Value":)";
  json::WriteString(ValueText(attribute), out);
  out += '}';
}

// The document that people read: a line for each member, blanks around the colons.
class LineWriter {
 public:
  LineWriter& Add(std::string_view name, std::string_view value) {
    Begin(name);
    json::WriteString(value, out_);
    return *this;
  }
  LineWriter& AddIfAny(std::string_view name, std::string_view value) { return value.empty() ? *this : Add(name, value); }
  void AddAttributes(const std::vector<PublishedAttribute>& attributes) {
    if (attributes.empty()) return;
    Begin("MessageAttributes");
    out_ += '{';
    bool first = true;
    for (const PublishedAttribute& attribute : attributes) {
      out_ += std::exchange(first, false) ? "\n    " : ",\n    ";
      json::WriteString(attribute.name, out_);
      out_ += " : ";
      AppendAttribute(attribute, out_);
    }
    out_ += "\n  }";
  }
  std::string Take() {
    out_ += "\n}";
    return std::move(out_);
  }

 private:
  void Begin(std::string_view name) {
    out_ += out_.size() == 1 ? "\n  " : ",\n  ";
    json::WriteString(name, out_);
    out_ += " : ";
  }
  std::string out_ = "{";
};

void AppendLine(std::string_view name, std::string_view value, std::string& out) {
  out.append(name).append("\n").append(value).append("\n");
}

void AppendMember(std::string_view name, std::string_view value, std::string& out) {
  out += ',';
  json::WriteString(name, out);
  out += ':';
  json::WriteString(value, out);
}

void AppendAttributes(const std::vector<PublishedAttribute>& attributes, std::string& out) {
  out += R"(,"MessageAttributes":{)";
  bool first = true;
  for (const PublishedAttribute& attribute : attributes) {
    if (!std::exchange(first, false)) out += ',';
    json::WriteString(attribute.name, out);
    out += ':';
    AppendAttribute(attribute, out);
  }
  out += '}';
}

}  // namespace

std::string TextToSign(const Notification& notification) {
  std::string text;
  AppendLine("Message", notification.message, text);
  AppendLine("MessageId", notification.message_id, text);
  if (notification.is_message()) {
    if (!notification.subject.empty()) AppendLine("Subject", notification.subject, text);
  } else {
    AppendLine("SubscribeURL", notification.subscribe_url, text);
  }
  AppendLine("Timestamp", notification.timestamp, text);
  if (!notification.is_message()) AppendLine("Token", notification.token, text);
  AppendLine("TopicArn", notification.topic_arn, text);
  AppendLine("Type", notification.type, text);
  return text;
}

std::string WriteNotification(const Notification& notification, const MessageSignature& signature, std::string_view unsubscribe_url) {
  LineWriter out;
  out.Add("Type", notification.type).Add("MessageId", notification.message_id).AddIfAny("SequenceNumber", notification.sequence_number);
  out.AddIfAny("Token", notification.token).Add("TopicArn", notification.topic_arn).AddIfAny("Subject", notification.subject);
  out.Add("Message", notification.message).AddIfAny("SubscribeURL", notification.subscribe_url).Add("Timestamp", notification.timestamp);
  if (!signature.version.empty()) {
    out.Add("SignatureVersion", signature.version).Add("Signature", signature.signature).Add("SigningCertURL", signature.certificate_url);
  }
  if (notification.is_message()) out.Add("UnsubscribeURL", unsubscribe_url).AddAttributes(notification.attributes);
  return out.Take();
}

std::string WriteFunctionEvent(const Notification& notification, const MessageSignature& signature, std::string_view subscription_arn,
                               std::string_view unsubscribe_url) {
  std::string out = R"({"Records":[{"EventSource":"aws:sns","EventVersion":"1.0")";
  AppendMember("EventSubscriptionArn", subscription_arn, out);
  out += R"(,"Sns":{"Type":"Notification")";
  AppendMember("MessageId", notification.message_id, out);
  AppendMember("TopicArn", notification.topic_arn, out);
  if (notification.subject.empty()) out += R"(,"Subject":null)";
  else AppendMember("Subject", notification.subject, out);
  AppendMember("Message", notification.message, out);
  AppendMember("Timestamp", notification.timestamp, out);
  AppendMember("SignatureVersion", signature.version, out);
  AppendMember("Signature", signature.signature, out);
  AppendMember("SigningCertUrl", signature.certificate_url, out);
  AppendMember("UnsubscribeUrl", unsubscribe_url, out);
  AppendAttributes(notification.attributes, out);
  out += "}}]}";
  return out;
}

}  // namespace mayfly::sns
