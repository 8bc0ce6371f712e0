// json-1.0 and json-1.1: every operation is POST /, named by X-Amz-Target; bodies are JSON.
//
// A service that also speaks query keeps its old error codes: they go into x-amzn-query-error ("CODE;Sender"), where newer SDKs
// look for them. An answer that is a stream of events begins with its other members, as an event of their own.
#pragma once

#include <string>
#include <string_view>

#include "wire/protocol.h"

namespace mayfly::wire {

class JsonRpc final : public Protocol {
 public:
  // `version`: "1.0" or "1.1". `service` outlives this.
  JsonRpc(const Service& service, std::string_view version);

  bool Recognizes(const http::Request& request) const override;
  Result<RouteMatch> Route(const http::Request& request) const override;
  Result<Message> Read(const RouteMatch& match, http::Request& request, Violations& violations) const override;
  Error ErrorOf(const Violations& violations) const override;
  http::Response Encode(const Operation& operation, Message& response) const override;
  http::Response EncodeError(const Error& error) const override;

 private:
  const Service& service_;
  std::string content_type_;
  bool has_query_;
};

}  // namespace mayfly::wire
