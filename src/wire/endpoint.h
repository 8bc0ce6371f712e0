// Endpoint: a whole service, from a request to the answer of the handler's method.
//
// One per service, made at start; the edge calls Handle for every request that it has classified and authenticated.
// The steps: route → decode and validate → authorize → the handler → encode. Whatever fails becomes a well-formed answer;
// every answer carries x-amzn-RequestId. What this daemon asks of itself (directory.h) takes the same steps, but for the bytes.
//
// Bodies: how large a request may be is a row of its operation; a larger one is refused in the service's words, unread where its length
// is announced. A body is gathered, unless the operation streams it: then the handler reads it piece by piece, and what the limit or the
// sender's end says comes as an error of that read. An answer that streams (events, or a blob) is written after Handle has returned, by
// the response's own `stream`, in the context of the connection, and at the client's pace.
//
// All endpoints of a daemon have one CallWatch, through which the daemon knows of every call what policies ask for, and tells its trail.
//
// Holds no state of a request; calls may overlap on any strand that the handler allows.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/blocking_pool.h"
#include "base/context.h"
#include "base/task.h"
#include "net/http_message.h"
#include "wire/protocol.h"

namespace mayfly::wire {

// Larger bodies take longer to decode than others should have to wait.
inline constexpr size_t kDecodeInlineBytesMax = 512 * 1024;

// May the principal of `ctx` do this? Error: AccessDeniedException. `request` is the decoded struct of operation.input.
using Authorizer = std::function<Task<Result<>>(Context& ctx, const Operation& operation, const Message& request)>;

// What a service says of values beyond its model, because it depends on how it runs: added to what the model finds, so that clients learn all
// in one answer. `request` is a struct of operation.input; members that the model complains of may be empty in it.
using ValueRules = std::function<void(const Operation& operation, const Message& request, Violations& violations)>;

// Told of each answer, for metrics and the log: the operation (null when none was found) and the error, if there was one.
using AnswerObserver = std::function<void(Context& ctx, const Operation* operation, int status, const Error* error)>;

// What a service does about a request beside its operations, from before one is looked for until the answer is made (of S3: CORS).
class Visit {
 public:
  virtual ~Visit() = default;
  // The whole answer to what is no operation's; nullopt: an operation answers.
  virtual std::optional<Result<http::Response>> Answer() = 0;
  // The answer is made, whoever made it.
  virtual void Finish(http::Response& response) = 0;
};
using Reception = std::function<std::unique_ptr<Visit>(Context& ctx, const http::Request& request)>;

// Who watches the calls of all services. Each part may be null.
struct CallWatch {
  // Of a decoded request, before anybody decides about it. What it gives is held until the handler has ended.
  std::function<std::shared_ptr<void>(Context& ctx, const Operation& operation, const Message& request)> begun;
  // What the operation needs beyond its own action, once the authorizer has let it through. Error: as an Authorizer's.
  std::function<Result<>(const Context& ctx, const Operation& operation, const Message& request)> check;
  AnswerObserver answered;

  CallWatch() = default;
  CallWatch(std::nullptr_t) {}  // NOLINT: implicit on purpose, as what follows
  CallWatch(AnswerObserver observer) : answered(std::move(observer)) {}  // NOLINT
  template <typename Observer>
    requires std::is_invocable_v<Observer, Context&, const Operation*, int, const Error*>
  CallWatch(Observer observer) : answered(std::move(observer)) {}  // NOLINT
};

class Endpoint {
 public:
  // `service` and `handler` outlive this; `handler` is the generated Handler, or Handlers, of that service.
  // Without an authorizer everything is allowed. Bodies beyond kDecodeInlineBytesMax are decoded on `pool`, when there is one,
  // so that an upload does not hold up the loop.
  Endpoint(const Service& service, ServiceHandler* handler, Authorizer authorizer = nullptr, CallWatch watch = nullptr, BlockingPool* pool = nullptr);

  // Before the first request. Requests from inside of the daemon (Call) are none of its.
  void SetReception(Reception reception) { reception_ = std::move(reception); }

  // Once, before the first request.
  void SetRules(ValueRules rules) { rules_ = std::move(rules); }

  // Never fails: errors are answers. ctx.request_id has been set. A body that has not been gathered yet is read here.
  Task<http::Response> Handle(Context& ctx, http::Request& request);
  // An answer in the service's form to an error from outside (authentication, say). Without a request: in that of its first
  // protocol.
  http::Response Refuse(Context& ctx, const Error& error) const { return Refuse(ctx, error, *protocols_.front()); }
  http::Response Refuse(Context& ctx, const Error& error, const http::Request& request) const { return Refuse(ctx, error, ProtocolOf(request)); }

  // Whether the handler will read the body of this request itself. False when the head does not say which operation it is.
  bool Streams(const http::Request& request) const;
  // Brings the body into request.body, for who needs it before Handle does (to check a signature). Errors: as Handle would answer.
  Task<Result<>> ReadBody(Context& ctx, http::Request& request) const;

  // One of this service's operations, asked for by ctx.principal from inside of this daemon; it works (operation.call). `input` is of
  // operation.input. Validated, authorized and observed as in Handle. Errors: service errors only, as a client would see them; Cancelled.
  Task<Result<Message>> Call(Context& ctx, const Operation& operation, Message input);

  const Service& service() const { return service_; }

 private:
  const Protocol& ProtocolOf(const http::Request& request) const;
  const Operation* OperationOf(const http::Request& request) const;
  http::Response Refuse(Context& ctx, const Error& error, const Protocol& protocol) const;
  // `operation` is set as soon as it is known.
  Task<Result<http::Response>> Run(Context& ctx, const Protocol& protocol, http::Request& request, const Operation*& operation);
  // `operation`: null where only the body will tell.
  Task<Result<>> Gather(Context& ctx, http::Request& request, const Operation* operation) const;
  Task<Result<>> TakeBody(Context& ctx, http::Request& request, const Operation& operation) const;
  Task<Result<Message>> ReadOnPool(Context& ctx, const Protocol& protocol, RouteMatch match, http::Request& request, Violations& violations);
  // Authorizes, and calls the handler.
  Task<Result<Message>> Perform(Context& ctx, const Operation& operation, Message input);

  const Service& service_;
  ServiceHandler* handler_;
  Authorizer authorizer_;
  ValueRules rules_;
  CallWatch watch_;
  Reception reception_;
  BlockingPool* pool_;
  std::vector<std::unique_ptr<Protocol>> protocols_;
  uint64_t request_bytes_max_;  // of the operation that takes the most
};

}  // namespace mayfly::wire
