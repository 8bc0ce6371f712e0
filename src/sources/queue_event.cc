#include "sources/queue_event.h"

#include <charconv>
#include <utility>

#include "base/encoding.h"
#include "base/json.h"
#include "identity/arn.h"

namespace mayfly::sources {
namespace {

constexpr std::string_view kBegin = R"({"Records":[)";
constexpr std::string_view kEnd = "]}";
constexpr size_t kRecordOverhead = 700;  // a guess at what stands around body and receipt handle

// Texts of our own that need no escapes: ids, numbers, digests.
void AppendPlain(std::string_view key, std::string_view text, std::string& out) {
  out += key;
  out += text;
  out += '"';
}

void AppendNumber(std::string_view key, int64_t number, std::string& out) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  AppendPlain(key, std::string_view(digits, end), out);
}

// Texts that clients gave; none at all when empty.
void AppendGiven(std::string_view key, std::string_view text, std::string& out) {
  if (text.empty()) return;
  out += key;
  json::WriteString(text, out);
}

void AppendSystemAttributes(const ReceivedMessage& received, std::string& out) {
  const QueueMessage& message = *received.message;
  AppendNumber(R"(,"attributes":{"ApproximateReceiveCount":")", received.receive_count, out);
  AppendGiven(R"(,"AWSTraceHeader":)", message.trace_header, out);
  AppendNumber(R"(,"SentTimestamp":")", message.sent_epoch_millis, out);
  AppendGiven(R"(,"SequenceNumber":)", message.sequence_number, out);
  AppendGiven(R"(,"MessageGroupId":)", message.group_id, out);
  out += R"(,"SenderId":)";
  json::WriteString(message.sender_id, out);
  AppendGiven(R"(,"MessageDeduplicationId":)", message.deduplication_id, out);
  AppendNumber(R"(,"ApproximateFirstReceiveTimestamp":")", received.first_received_epoch_millis, out);
  AppendGiven(R"(,"DeadLetterQueueSourceArn":)", message.dead_letter_source_arn, out);
  out += '}';
}

void AppendAttribute(const QueueMessageAttribute& attribute, std::string& out) {
  json::WriteString(attribute.name, out);
  if (attribute.data_type.starts_with("Binary")) {
    AppendPlain(R"(:{"binaryValue":")", Base64Encode(attribute.value), out);
  } else {
    out += R"(:{"stringValue":)";
    json::WriteString(attribute.value, out);
  }
  out += R"(,"stringListValues":[],"binaryListValues":[],"dataType":)";
  json::WriteString(attribute.data_type, out);
  out += '}';
}

void AppendAttributes(const QueueMessage& message, std::string& out) {
  out += R"(,"messageAttributes":{)";
  bool first = true;
  for (const QueueMessageAttribute& attribute : message.attributes) {
    if (!std::exchange(first, false)) out += ',';
    AppendAttribute(attribute, out);
  }
  out += '}';
  if (!message.md5_of_attributes.empty()) AppendPlain(R"(,"md5OfMessageAttributes":")", message.md5_of_attributes, out);
}

}  // namespace

QueueRecordWriter::QueueRecordWriter(std::string_view queue_arn) {
  const auto arn = identity::ParseArn(queue_arn);
  end_ = R"(,"eventSource":"aws:sqs","eventSourceARN":)" + json::Quote(queue_arn) + R"(,"awsRegion":)" + json::Quote(arn ? arn->region : "") + '}';
}

void QueueRecordWriter::Append(const ReceivedMessage& received, std::string& out) const {
  const QueueMessage& message = *received.message;
  AppendPlain(R"({"messageId":")", message.message_id, out);
  out += R"(,"receiptHandle":)";
  json::WriteString(received.receipt_handle, out);
  out += R"(,"body":)";
  json::WriteString(message.body, out);
  AppendSystemAttributes(received, out);
  AppendAttributes(message, out);
  AppendPlain(R"(,"md5OfBody":")", message.md5_of_body, out);
  out += end_;
}

bool QueueEvent::Add(const QueueRecordWriter& writer, const ReceivedMessage& received, size_t bytes_max) {
  const size_t before = records_.size();
  if (before == 0) {
    records_.reserve(kBegin.size() + received.message->body.size() * 9 / 8 + received.receipt_handle.size() + kRecordOverhead);
    records_ = kBegin;
  } else {
    records_ += ',';
  }
  writer.Append(received, records_);
  if (before == 0 || records_.size() + kEnd.size() <= bytes_max) return true;
  records_.resize(before);
  return false;
}

std::string QueueEvent::Take() {
  if (records_.empty()) records_ = kBegin;
  records_ += kEnd;
  return std::exchange(records_, {});
}

}  // namespace mayfly::sources
