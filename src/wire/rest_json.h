// rest-json: the REST protocol whose documents are JSON.
#pragma once

#include "wire/rest.h"

namespace mayfly::wire {

class RestJson final : public Rest {
 public:
  // `service` outlives this.
  explicit RestJson(const Service& service) : Rest(service, kJsonEvents) {}

  http::Response EncodeError(const Error& error) const override;

 private:
  std::string_view document_type() const override { return "application/json"; }
  std::string_view blob_type() const override { return "application/json"; }  // what the services of this protocol pass on in blobs
  Result<> ReadDocument(const Structure& input, std::string body, void* object, Violations& violations) const override;
  Result<> ReadPayload(const Member& payload, std::string body, void* object, Violations& violations) const override;
  void WriteDocument(const Structure& output, const void* object, std::string& out) const override;
  void WritePayload(const Member& payload, const void* value, std::string& out) const override;
};

}  // namespace mayfly::wire
