// Endpoint: a whole service over HTTP, from a request to the answer of the handler's method.
//
// One per service, made at start; the edge calls Handle for every request that it has classified and authenticated.
// The steps: route → decode and validate → authorize → the handler → encode. Whatever fails becomes a well-formed answer;
// every answer carries x-amzn-RequestId. An answer that is a stream of events is written after Handle has returned, by the
// response's own `stream`, in the context of the connection. Holds no state of a request; calls may overlap on any strand that the handler
// allows.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "base/blocking_pool.h"
#include "base/context.h"
#include "base/task.h"
#include "net/http_message.h"
#include "wire/protocol.h"

namespace mayfly::wire {

// The largest request that AWS Lambda takes (its answer to a larger one names this number).
inline constexpr size_t kRequestBytesMax = 70'167'211;

// Larger bodies take longer to decode than others should have to wait.
inline constexpr size_t kDecodeInlineBytesMax = 512 * 1024;

// May the principal of `ctx` do this? Error: AccessDeniedException. `request` is the decoded struct of operation.input.
using Authorizer = std::function<Task<Result<>>(Context& ctx, const Operation& operation, const Message& request)>;

// Told of each answer, for metrics and the log: the operation (null when none was found) and the error, if there was one.
using AnswerObserver = std::function<void(Context& ctx, const Operation* operation, int status, const Error* error)>;

class Endpoint {
 public:
  // `service` and `handler` outlive this; `handler` is the generated Handler, or Handlers, of that service.
  // Without an authorizer everything is allowed. Bodies beyond kDecodeInlineBytesMax are decoded on `pool`, when there is one,
  // so that an upload does not hold up the loop.
  Endpoint(const Service& service, ServiceHandler* handler, Authorizer authorizer = nullptr, AnswerObserver observer = nullptr, BlockingPool* pool = nullptr);

  // Never fails: errors are answers. ctx.request_id has been set. A body that has not been gathered yet is read here.
  Task<http::Response> Handle(Context& ctx, http::Request& request);
  // An answer in the service's form to an error from outside (authentication, say). Without a request: in that of its first
  // protocol.
  http::Response Refuse(Context& ctx, const Error& error) const { return Refuse(ctx, error, *protocols_.front()); }
  http::Response Refuse(Context& ctx, const Error& error, const http::Request& request) const { return Refuse(ctx, error, ProtocolOf(request)); }

  const Service& service() const { return service_; }

 private:
  const Protocol& ProtocolOf(const http::Request& request) const;
  http::Response Refuse(Context& ctx, const Error& error, const Protocol& protocol) const;
  // `operation` is set as soon as it is known.
  Task<Result<http::Response>> Run(Context& ctx, const Protocol& protocol, http::Request& request, const Operation*& operation);

  const Service& service_;
  ServiceHandler* handler_;
  Authorizer authorizer_;
  AnswerObserver observer_;
  Task<Result<Message>> Decode(Context& ctx, const Protocol& protocol, RouteMatch match, http::Request& request);

  BlockingPool* pool_;
  std::vector<std::unique_ptr<Protocol>> protocols_;
};

}  // namespace mayfly::wire
