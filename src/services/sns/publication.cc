#include "services/sns/publication.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "services/message_rules.h"
#include "services/sns/sns_errors.h"

namespace mayfly::sns {
namespace {

constexpr size_t kSubjectCharactersMax = 100;

bool IsSubject(std::string_view subject) {
  if (subject.empty() || subject.size() > kSubjectCharactersMax || subject.front() == ' ') return false;
  return std::ranges::all_of(subject, [](char c) { return c >= ' ' && c < '\x7f'; });
}

Result<> ReadStructure(Publication& publication) {
  auto document = json::Parse(publication.content);
  if (!document || !document->is_object()) return Fail(InvalidParameter("Message Structure - JSON message body failed to parse"));
  for (auto& [protocol, text] : document->object()) {
    if (text.is_string()) publication.of_protocol.emplace_back(protocol, std::move(text.string()));
  }
  const auto usual = std::ranges::find(publication.of_protocol, "default", &std::pair<std::string, std::string>::first);
  if (usual == publication.of_protocol.end()) return Fail(InvalidParameter("Message Structure - No default entry in JSON message body"));
  publication.message = usual->second;
  return {};
}

// Receivers are told in XML, or by queues that take nothing else.
Result<> CheckCharacters(const Publication& publication) {
  bool is_good = services::HasOnlyXmlCharacters(publication.content);
  for (const auto& [protocol, text] : publication.of_protocol) is_good = is_good && services::HasOnlyXmlCharacters(text);
  if (is_good) return {};
  return Fail(InvalidParameter("Message", "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | "
                                          "#x10000 to #x10FFFF"));
}

Result<> CheckName(std::string_view name) {
  const bool plain = !name.empty() && name.size() <= 256 && std::ranges::all_of(name, [](char c) { return IsAlphanumeric(c) || c == '_' || c == '-' || c == '.'; });
  const bool reserved = StartsWithIgnoringCase(name, "aws.") && !StartsWithIgnoringCase(name, "aws.sns.");
  const bool odd = name.starts_with('.') || name.ends_with('.') || name.contains("..");
  if (plain && !reserved && !StartsWithIgnoringCase(name, "amazon.") && !odd) return {};
  return Fail(InvalidValue(fmt::format("The message attribute name '{}' is invalid.", name.substr(0, 256))));
}

bool IsOfType(std::string_view type, std::string_view base) {
  return type == base || (type.starts_with(base) && type.size() > base.size() + 1 && type[base.size()] == '.');
}

Result<PublishedAttribute> ReadAttribute(const std::string& name, MessageAttributeValue& value) {
  MF_TRY_VOID(CheckName(name));
  const std::string& type = value.data_type;
  if (!IsOfType(type, "String") && !IsOfType(type, "Number") && !IsOfType(type, "Binary")) {
    return Fail(InvalidValue(fmt::format("The message attribute '{}' has an invalid message attribute type, the set of supported type "
                                         "prefixes is Binary, Number, and String.", name)));
  }
  const bool binary = IsOfType(type, "Binary");
  auto& wanted = binary ? value.binary_value : value.string_value;
  const auto& other = binary ? value.string_value : value.binary_value;
  if (!wanted && other) {
    const std::string_view field = binary ? "Binary" : "String";
    return Fail(InvalidValue(fmt::format("The message attribute '{}' with type '{}' must use field '{}'.", name, type, field)));
  }
  if (!wanted || wanted->empty()) {
    return Fail(InvalidValue(fmt::format("The message attribute '{}' must contain non-empty message attribute value for message attribute type '{}'.", name, type)));
  }
  if (!binary && !services::HasOnlyXmlCharacters(*wanted)) {
    return Fail(InvalidValue(fmt::format("Invalid characters found in the value of message attribute '{}'.", name)));
  }
  if (IsOfType(type, "Number") && !services::IsMessageNumber(Trim(*wanted))) {
    return Fail(InvalidValue(fmt::format("Could not cast message attribute '{}' value to number.", name)));
  }
  return PublishedAttribute{name, type, std::move(*wanted)};
}

template <typename Source>
Result<Publication> Read(Source& source) {
  if (source.message.empty()) return Fail(InvalidParameter("Empty message"));
  Publication publication;
  publication.content = std::move(source.message);
  publication.message = publication.content;
  if (source.subject) {
    if (!IsSubject(*source.subject)) return Fail(InvalidParameter("Subject"));
    publication.subject = std::move(*source.subject);
  }
  if (source.message_structure && *source.message_structure == "json") MF_TRY_VOID(ReadStructure(publication));
  MF_TRY_VOID(CheckCharacters(publication));
  if (source.message_attributes) {
    for (auto& [name, value] : *source.message_attributes) {
      MF_TRY(auto attribute, ReadAttribute(name, value));
      publication.attributes.push_back(std::move(attribute));
    }
  }
  publication.group_id = source.message_group_id.value_or("");
  publication.deduplication_id = source.message_deduplication_id.value_or("");
  return publication;
}

}  // namespace

const std::string& Publication::MessageFor(std::string_view protocol) const {
  const auto own = std::ranges::find(of_protocol, protocol, &std::pair<std::string, std::string>::first);
  return own == of_protocol.end() ? message : own->second;
}

size_t PublishedBytes(std::string_view message, const std::optional<wire::Map<MessageAttributeValue>>& attributes) {
  size_t bytes = message.size();
  if (!attributes) return bytes;
  for (const auto& [name, value] : *attributes) {
    bytes += name.size() + value.data_type.size() + value.string_value.value_or("").size() + value.binary_value.value_or("").size();
  }
  return bytes;
}

Result<Publication> ReadPublication(PublishRequest& request) { return Read(request); }
Result<Publication> ReadPublication(PublishBatchRequestEntry& entry) { return Read(entry); }

}  // namespace mayfly::sns
