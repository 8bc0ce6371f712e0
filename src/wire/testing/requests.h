// What tests of protocols share: a request as values, and its way through a protocol.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "wire/protocol.h"

namespace mayfly::wire::testing {

using Headers = std::vector<std::pair<std::string, std::string>>;

inline http::Request Made(std::string method, std::string target, std::string body = {}, const Headers& headers = {}) {
  http::Request request;
  request.method = std::move(method);
  request.target = std::move(target);
  request.body = std::move(body);
  for (const auto& [name, value] : headers) request.headers.Add(name, value);
  return request;
}

inline Result<Message> Decode(const Protocol& protocol, http::Request request) {
  MF_TRY(const RouteMatch match, protocol.Route(request));
  return protocol.Decode(match, request);
}

// "Code: message" of what was refused, "" of what was not.
template <typename T>
std::string ErrorOf(const Result<T>& result) {
  return result ? "" : result.error().code + ": " + result.error().message;
}

// The answer of the operation of that name to a response that `fill` makes, with the request id "id".
template <typename Response, typename F>
http::Response Answer(const Protocol& protocol, const Service& service, std::string_view operation, F fill) {
  const Operation& found = *FindOperation(service, operation);
  Message message(found.output);
  fill(*static_cast<Response*>(message.get()));
  http::Response response = protocol.Encode(found, message);
  protocol.Finish(response, "id");
  return response;
}

}  // namespace mayfly::wire::testing
