// rpc-v2-cbor: every operation is POST /service/TARGET/operation/NAME; bodies are CBOR. Source: Smithy, "Smithy RPC v2 CBOR protocol".
//
// Errors have their code in __type; services that also speak query keep their old codes in x-amzn-query-error, as in json_rpc.h.
#pragma once

#include "wire/protocol.h"

namespace mayfly::wire {

class RpcCbor final : public Protocol {
 public:
  // `service` outlives this.
  explicit RpcCbor(const Service& service) : service_(service) {}

  bool Recognizes(const http::Request& request) const override;
  Result<RouteMatch> Route(const http::Request& request) const override;
  Result<Message> Read(const RouteMatch& match, http::Request& request, Violations& violations) const override;
  Error ErrorOf(const Violations& violations) const override;
  http::Response Encode(const Operation& operation, Message& response) const override;
  http::Response EncodeError(const Error& error) const override;

 private:
  const Service& service_;
};

}  // namespace mayfly::wire
