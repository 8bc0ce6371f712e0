#include "wire/rest_xml.h"

#include <fmt/format.h>

#include <utility>

#include "wire/error_response.h"
#include "wire/json_codec.h"
#include "wire/xml_error.h"
#include "wire/xml_read.h"
#include "wire/xml_write.h"

namespace mayfly::wire {
namespace {

constexpr int kPermanentRedirect = 301;

std::string_view RootName(const Member& payload) {
  if (!payload.xml->name.empty() || !payload.shape->structure) return payload.xml_name();
  return payload.shape->structure->root_name();
}

Result<TextNode> ParseDocument(std::string body, std::string_view root) {
  MF_TRY(TextNode node, ParseXml(std::move(body)));
  if (node.name != root) return Fail(SerializationError(fmt::format("The request body is a {}, not a {}", node.name.substr(0, 100), root)));
  return node;
}

}  // namespace

Result<> RestXml::ReadDocument(const Structure& input, std::string body, void* object, Violations& violations) const {
  TextNode node;
  if (!body.empty()) {
    MF_TRY(node, ParseDocument(std::move(body), input.root_name()));
  }
  return ReadTextMembers(XmlTextForm(), input, MemberChoice::BodyOnly, node, object, nullptr, violations);
}

Result<> RestXml::ReadPayload(const Member& payload, std::string body, void* object, Violations& violations) const {
  MF_TRY(TextNode node, ParseDocument(std::move(body), RootName(payload)));
  const Path path{nullptr, payload.name};
  return ReadTextValue(XmlTextForm(), *payload.xml, *payload.shape, node, Structure::Emplace(payload, object), path, violations);
}

void RestXml::WriteDocument(const Structure& output, const void* object, std::string& out) const {
  if (output.HasBody()) WriteXmlDocument(output.root_name(), service_.xml_namespace, output, object, out);
}

void RestXml::WritePayload(const Member& payload, const void* value, std::string& out) const {
  WriteXmlDocument(RootName(payload), service_.xml_namespace, *payload.xml, *payload.shape, value, out);
}

http::Response RestXml::EncodeError(const Error& error) const {
  const ErrorAnswer answer = DescribeError(service_, error);
  http::Response response = http::Response::Text(answer.status, BeginXmlError(service_, answer, answer.code), document_type());
  if (!answer.retry_after.empty()) response.headers.Set("Retry-After", answer.retry_after);
  for (const auto& [name, value] : answer.headers) response.headers.Set(name, value);
  return response;
}

void RestXml::Finish(http::Response& response, std::string_view request_id) const {
  Protocol::Finish(response, request_id);
  response.headers.Set("x-amz-request-id", request_id);
  if (service_.bare_errors) response.headers.Set("x-amz-id-2", HostIdOf(request_id));
  const bool is_error = response.status >= 400 || (response.status == kPermanentRedirect && !response.body.empty());
  if (is_error) EndXmlError(service_, request_id, response.body);
}

constinit const EventForm kXmlEvents{
    "application/xml",
    [](const Structure& event, const void* object, std::string& out) { WriteXmlDocument(event.root_name(), {}, event, object, out); },
    [](const Structure& event, std::string bytes, void* object, Violations& violations) -> Result<> {
      TextNode node;
      if (!bytes.empty()) {
        MF_TRY(node, ParseXml(std::move(bytes)));
      }
      return ReadTextMembers(XmlTextForm(), event, MemberChoice::All, node, object, nullptr, violations);
    }};

}  // namespace mayfly::wire
