// rest-xml: the REST protocol whose documents are XML (xml_read.h, xml_write.h).
//
// The root of a document is what the model says (`xml(Root)` of a message or a payload), otherwise its structure's name, and in requests
// NAMERequest; a request with another root is refused. An answer without members in its body has no body.
#pragma once

#include "wire/rest.h"

namespace mayfly::wire {

class RestXml final : public Rest {
 public:
  // `service` outlives this.
  explicit RestXml(const Service& service) : Rest(service, kXmlEvents) {}

  http::Response EncodeError(const Error& error) const override;
  // Also as x-amz-request-id, where older clients look.
  void Finish(http::Response& response, std::string_view request_id) const override;

 private:
  std::string_view document_type() const override { return "application/xml"; }
  Result<> ReadDocument(const Structure& input, std::string body, void* object, Violations& violations) const override;
  Result<> ReadPayload(const Member& payload, std::string body, void* object, Violations& violations) const override;
  void WriteDocument(const Structure& output, const void* object, std::string& out) const override;
  void WritePayload(const Member& payload, const void* value, std::string& out) const override;
};

}  // namespace mayfly::wire
