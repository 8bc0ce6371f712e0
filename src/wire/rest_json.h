// rest-json: paths, queries, headers and JSON bodies. The protocol of AWS Lambda.
#pragma once

#include <string_view>

#include "wire/protocol.h"

namespace mayfly::wire {

class RestJson final : public Protocol {
 public:
  // `service` outlives this.
  explicit RestJson(const Service& service) : service_(service), router_(service) {}

  bool Recognizes(const http::Request&) const override { return true; }
  Result<RouteMatch> Route(const http::Request& request) const override;
  Result<Message> Decode(const RouteMatch& match, http::Request& request) const override;
  http::Response Encode(const Operation& operation, Message& response) const override;
  http::Response EncodeError(const Error& error) const override;

 private:
  const Service& service_;
  Router router_;
};

}  // namespace mayfly::wire
