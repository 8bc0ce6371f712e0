#include "services/sqs/message.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/md5.h"
#include "base/text.h"
#include "services/message_rules.h"
#include "services/sqs/errors.h"

namespace mayfly::sqs {
namespace {

constexpr char kFormat = 1;

void PutNumber(uint64_t number, std::string& out) {
  while (number >= 0x80) {
    out.push_back(static_cast<char>(number | 0x80));
    number >>= 7;
  }
  out.push_back(static_cast<char>(number));
}

void PutText(std::string_view text, std::string& out) {
  PutNumber(text.size(), out);
  out.append(text);
}

// Reads what the functions above wrote. After a failure everything is empty.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  uint64_t Number() {
    uint64_t number = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (bytes_.empty()) break;
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      number |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return number;
    }
    failed_ = true;
    bytes_ = {};
    return 0;
  }
  std::string Text() {
    const uint64_t size = Number();
    if (size > bytes_.size()) {
      failed_ = true;
      bytes_ = {};
      return {};
    }
    std::string text(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
    return text;
  }
  bool Done() const { return !failed_ && bytes_.empty(); }
  bool failed() const { return failed_; }

 private:
  std::string_view bytes_;
  bool failed_ = false;
};

bool IsBinary(const MessageAttribute& attribute) { return attribute.data_type.starts_with("Binary"); }

bool HasType(std::string_view type, std::string_view base) { return type == base || (type.starts_with(base) && type.size() > base.size() + 1 && type[base.size()] == '.'); }

Result<> CheckAttributeName(std::string_view name) {
  if (name.empty() || name.size() > 256) return Fail(InvalidParameterValue("Message (user) attribute names must be shorter than 256 Bytes"));
  const bool plain = std::ranges::all_of(name, [](char c) {
    return IsAlphanumeric(c) || c == '_' || c == '-' || c == '.';
  });
  if (!plain) {
    return Fail(InvalidParameterValue(
        "Message (user) attributes name can only contain upper and lower score characters, digits, periods, hyphens and underscores. "));
  }
  if (StartsWithIgnoringCase(name, "aws.") || StartsWithIgnoringCase(name, "amazon.") || name.front() == '.' || name.back() == '.' ||
      name.find("..") != std::string_view::npos) {
    return Fail(InvalidParameterValue("You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for internal "
                                      "use. Additionally, they cannot start or end with '.'."));
  }
  return {};
}

Result<> CheckAttribute(const MessageAttribute& attribute) {
  MF_TRY_VOID(CheckAttributeName(attribute.name));
  const std::string_view type = attribute.data_type;
  if (type.size() > 256) return Fail(InvalidParameterValue("Message (user) attribute types must be shorter than 256 Bytes"));
  const bool number = HasType(type, "Number");
  if (!number && !HasType(type, "String") && !HasType(type, "Binary")) {
    return Fail(InvalidParameterValue(
        fmt::format("The type of message (user) attribute '{}' is invalid. You must use only the following supported type prefixes: Binary, Number, String.",
                    attribute.name)));
  }
  if (attribute.value.empty()) {
    return Fail(InvalidParameterValue(fmt::format("Message (user) attribute '{}' must contain a non-empty value of type '{}'.", attribute.name,
                                                  IsBinary(attribute) ? "Binary" : "String")));
  }
  if (IsBinary(attribute)) return {};
  if (!services::HasOnlyXmlCharacters(attribute.value)) {
    return Fail(InvalidParameterValue(fmt::format("Invalid characters found in the value of message (user) attribute '{}'.", attribute.name)));
  }
  if (number && !services::IsMessageNumber(attribute.value)) {
    return Fail(InvalidParameterValue(fmt::format("Can't cast the value of message (user) attribute '{}' to a number.", attribute.name)));
  }
  return {};
}

void PutSized(std::string_view text, std::string& out) {
  const auto size = static_cast<uint32_t>(text.size());
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(size >> shift));
  out.append(text);
}

}  // namespace

std::string EncodeMessage(const StoredMessage& stored) {
  const sources::QueueMessage& message = stored.message;
  std::string out;
  out.reserve(message.body.size() + 160);
  out.push_back(kFormat);
  PutText(message.message_id, out);
  PutText(message.md5_of_body, out);
  PutText(message.md5_of_attributes, out);
  PutText(message.sender_id, out);
  PutNumber(static_cast<uint64_t>(message.sent_epoch_millis), out);
  PutText(message.trace_header, out);
  PutText(message.dead_letter_source_arn, out);
  PutText(message.group_id, out);
  PutText(message.deduplication_id, out);
  PutText(message.sequence_number, out);
  PutNumber(static_cast<uint64_t>(stored.earlier_receives), out);
  PutNumber(static_cast<uint64_t>(stored.first_received_millis), out);
  PutNumber(message.attributes.size(), out);
  for (const MessageAttribute& attribute : message.attributes) {
    PutText(attribute.name, out);
    PutText(attribute.data_type, out);
    PutText(attribute.value, out);
  }
  PutText(message.body, out);
  return out;
}

Result<StoredMessage> DecodeMessage(std::string_view bytes) {
  const Error broken = Error::Fault("a stored message cannot be read");
  if (bytes.empty() || bytes.front() != kFormat) return Fail(broken);
  Reader reader(bytes.substr(1));
  StoredMessage stored;
  sources::QueueMessage& message = stored.message;
  message.message_id = reader.Text();
  message.md5_of_body = reader.Text();
  message.md5_of_attributes = reader.Text();
  message.sender_id = reader.Text();
  message.sent_epoch_millis = static_cast<int64_t>(reader.Number());
  message.trace_header = reader.Text();
  message.dead_letter_source_arn = reader.Text();
  message.group_id = reader.Text();
  message.deduplication_id = reader.Text();
  message.sequence_number = reader.Text();
  stored.earlier_receives = static_cast<int64_t>(reader.Number());
  stored.first_received_millis = static_cast<int64_t>(reader.Number());
  const uint64_t attributes = reader.Number();
  for (uint64_t i = 0; i < attributes && !reader.failed(); ++i) {
    MessageAttribute attribute;
    attribute.name = reader.Text();
    attribute.data_type = reader.Text();
    attribute.value = reader.Text();
    message.attributes.push_back(std::move(attribute));
  }
  message.body = reader.Text();
  if (!reader.Done()) return Fail(broken);
  return stored;
}

size_t MessageBytes(std::string_view body, const std::vector<MessageAttribute>& attributes) {
  size_t bytes = body.size();
  for (const MessageAttribute& attribute : attributes) bytes += attribute.name.size() + attribute.data_type.size() + attribute.value.size();
  return bytes;
}

Result<> CheckBody(std::string_view body, size_t bytes, size_t bytes_max) {
  if (body.empty()) return Fail(Error::Service("MissingParameter", "The request must contain the parameter MessageBody."));
  if (bytes > bytes_max) {
    return Fail(InvalidParameterValue(fmt::format("One or more parameters are invalid. Reason: Message must be shorter than {} bytes.", bytes_max)));
  }
  if (!services::HasOnlyXmlCharacters(body)) {
    return Fail(Error::Service("InvalidMessageContents",
                               "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"));
  }
  return {};
}

Result<> CheckAttributes(const std::vector<MessageAttribute>& attributes) {
  if (attributes.size() > kMessageAttributesMax) {
    return Fail(InvalidParameterValue(fmt::format("Number of message attributes [{}] exceeds the allowed maximum [{}].", attributes.size(), kMessageAttributesMax)));
  }
  for (const MessageAttribute& attribute : attributes) MF_TRY_VOID(CheckAttribute(attribute));
  return {};
}

std::string Md5OfAttributes(std::vector<const MessageAttribute*> attributes) {
  if (attributes.empty()) return {};
  std::ranges::sort(attributes, {}, [](const MessageAttribute* attribute) -> const std::string& { return attribute->name; });
  std::string text;
  for (const MessageAttribute* attribute : attributes) {
    PutSized(attribute->name, text);
    PutSized(attribute->data_type, text);
    text.push_back(IsBinary(*attribute) ? 2 : 1);
    PutSized(attribute->value, text);
  }
  return Md5Hex(text);
}

std::vector<const MessageAttribute*> SelectAttributes(const std::vector<MessageAttribute>& attributes, const std::vector<std::string>& names) {
  std::vector<const MessageAttribute*> selected;
  for (const MessageAttribute& attribute : attributes) {
    const bool wanted = std::ranges::any_of(names, [&](std::string_view name) {
      if (name == "All" || name == ".*" || name == "*") return true;
      if (name.ends_with(".*")) return attribute.name.starts_with(name.substr(0, name.size() - 2));
      return attribute.name == name;
    });
    if (wanted) selected.push_back(&attribute);
  }
  return selected;
}

}  // namespace mayfly::sqs
