// query: the older protocol of AWS. Parameters come in a form or in the query string, answers are XML.
//
//   Action=SendMessage&MessageBody=x&MessageAttribute.1.Name=a&MessageAttribute.1.Value.StringValue=b
//
// Names of parameters are paths (query_form.h). Where the model says so, the path of the request stands in for a parameter that is
// missing: requests may be sent to the URL of what they are about.
// Bounds: kQueryParametersMax parameters, kQueryDepthMax parts of a name.
#pragma once

#include "wire/protocol.h"

namespace mayfly::wire {

class QueryForm;

inline constexpr size_t kQueryParametersMax = 2'000;

class Query : public Protocol {
 public:
  // `service` outlives this.
  explicit Query(const Service& service) : service_(service) {}

  bool Recognizes(const http::Request& request) const override;
  bool routes_by_body() const override { return true; }
  // Errors: MissingAction, InvalidAction, MalformedQueryString.
  Result<RouteMatch> Route(const http::Request& request) const override;
  Result<Message> Read(const RouteMatch& match, http::Request& request, Violations& violations) const override;
  Error ErrorOf(const Violations& violations) const override;
  http::Response Encode(const Operation& operation, Message& response) const override;
  http::Response EncodeError(const Error& error) const override;
  void Finish(http::Response& response, std::string_view request_id) const override;

 protected:
  const Service& service() const { return service_; }
  // How names of parameters are read.
  virtual const QueryForm& form() const;

 private:
  const Service& service_;
};

// Whether a request is of the query protocol of any service.
bool LooksLikeQuery(const http::Request& request);

}  // namespace mayfly::wire
