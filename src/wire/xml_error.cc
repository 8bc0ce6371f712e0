#include "wire/xml_error.h"

#include "base/encoding.h"
#include "base/hash.h"
#include "wire/xml_write.h"

namespace mayfly::wire {
namespace {

bool IsMessage(const json::Member& member) { return (member.first == "message" || member.first == "Message") && member.second.is_string(); }

// What a service tells beside its message: "Key", "BucketName". They are texts and numbers.
void AppendMembers(const ErrorAnswer& answer, std::string& out) {
  for (const json::Member& member : answer.body) {
    if (IsMessage(member) || member.first == "Type") continue;
    AppendXmlElement(member.first, member.second.is_string() ? member.second.string() : json::Write(member.second), out);
  }
}

}  // namespace

std::string_view MessageOf(const ErrorAnswer& answer) {
  for (const json::Member& member : answer.body) {
    if (IsMessage(member)) return member.second.string();
  }
  return {};
}

std::string HostIdOf(std::string_view request_id) {
  const Sha256Digest digest = Sha256(request_id);
  return Base64Encode(AsView(digest));
}

std::string BeginXmlError(const Service& service, const ErrorAnswer& answer, std::string_view code) {
  std::string out = "<?xml version=\"1.0\"?>";
  if (service.bare_errors) {
    out += "<Error>";
  } else {
    out += "<ErrorResponse";
    AppendXmlAttribute("xmlns", service.xml_namespace, out);
    out += "><Error>";
    AppendXmlElement("Type", answer.status >= 500 ? "Receiver" : "Sender", out);
  }
  AppendXmlElement("Code", code, out);
  AppendXmlElement("Message", MessageOf(answer), out);
  if (service.bare_errors) AppendMembers(answer, out);
  else out += "<Detail/></Error>";
  return out;
}

void EndXmlError(const Service& service, std::string_view request_id, std::string& body) {
  AppendXmlElement("RequestId", request_id, body);
  if (service.bare_errors) AppendXmlElement("HostId", HostIdOf(request_id), body);
  body += service.bare_errors ? "</Error>" : "</ErrorResponse>";
}

}  // namespace mayfly::wire
