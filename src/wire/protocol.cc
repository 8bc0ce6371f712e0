#include "wire/protocol.h"

#include "base/text.h"
#include "wire/ec2_query.h"
#include "wire/json_rpc.h"
#include "wire/query.h"
#include "wire/rest_json.h"
#include "wire/rest_xml.h"
#include "wire/rpc_cbor.h"

namespace mayfly::wire {

Result<Message> Protocol::Decode(const RouteMatch& match, http::Request& request) const {
  Violations violations;
  MF_TRY(Message message, Read(match, request, violations));
  if (!violations.empty()) return Fail(ErrorOf(violations));
  return message;
}

void Protocol::Finish(http::Response& response, std::string_view request_id) const {
  response.headers.Set("x-amzn-RequestId", request_id);
}

std::vector<std::unique_ptr<Protocol>> MakeProtocols(const Service& service) {
  std::vector<std::unique_ptr<Protocol>> protocols;
  for (const std::string_view name : Split(service.protocol, ' ')) {
    if (name == "rest-json") {
      protocols.push_back(std::make_unique<RestJson>(service));
    } else if (name == "json-1.0" || name == "json-1.1") {
      protocols.push_back(std::make_unique<JsonRpc>(service, name.substr(5)));
    } else if (name == "query") {
      protocols.push_back(std::make_unique<Query>(service));
    } else if (name == "ec2-query") {
      protocols.push_back(std::make_unique<Ec2Query>(service));
    } else if (name == "rest-xml") {
      protocols.push_back(std::make_unique<RestXml>(service));
    } else if (name == "rpc-v2-cbor") {
      protocols.push_back(std::make_unique<RpcCbor>(service));
    } else {
      return {};
    }
  }
  return protocols;
}

}  // namespace mayfly::wire
