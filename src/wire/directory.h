// Directory: all services of this daemon, and the way in which one of them asks for an operation of another.
//
//   co_await directory.Call(ctx, principal, sqs::calls::kSendMessage, {.queue_url = …, .message_body = …});
//   co_await directory.CallJson(ctx, principal, "sqs", "SendMessage", R"({"QueueUrl":…})");
//
// A call from inside is one from outside without the wire: within the model's limits, authorized for its principal, observed (counted and
// logged) under a request id of its own, and its errors are the service's. So a schedule, a state machine or a stack can do what its role
// may do, and nothing else. (Events go another way, which keeps them until they have arrived: delivery::TargetRouter.)
//
// One per daemon, on its strand. Services register at start; those who call hold a reference, and need not be later than whom they ask: an
// operation of a service that is not there (yet) is an unknown one. Holds nothing of a call.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/random.h"
#include "wire/endpoint.h"
#include "wire/storage.h"

namespace mayfly::wire {

class Directory {
 public:
  explicit Directory(Random& random) : random_(&random) {}

  // `endpoint` outlives this. A service registers once.
  void Register(Endpoint& endpoint);
  // In the order of Register.
  std::span<Endpoint* const> endpoints() const { return endpoints_; }

  // Gives the operation's response (nothing, where it has none). Errors: service errors, UnknownOperationException for a service that is not
  // here among them; Cancelled by ctx, whose deadline and stop hold for the call too.
  template <typename Request, typename Response>
  Task<Result<Response>> Call(Context& ctx, Principal principal, TypedOperation<Request, Response> operation, Request request) {
    Message input(operation.operation().input);
    *static_cast<Request*>(input.get()) = std::move(request);
    auto output = co_await CallMessage(ctx, std::move(principal), *operation.service, operation.operation(), std::move(input));
    if (!output) co_return Fail(std::move(output).error());
    if constexpr (std::is_void_v<Response>) co_return Result<>();
    else co_return std::move(*static_cast<Response*>(output->get()));
  }

  // The same by names: of the service its own or one that it signs by, of the operation its own. `parameters` is a JSON object of the
  // operation's members, wherever they stand on the wire; so is what it gives. Errors also: SerializationException for what is no such
  // object; NotImplementedException for an operation that is not built yet, or streams.
  Task<Result<std::string>> CallJson(Context& ctx, Principal principal, std::string_view service, std::string_view operation, std::string_view parameters);

 private:
  // Null when it is not here.
  Endpoint* Find(std::string_view service) const;
  Task<Result<Message>> CallMessage(Context& ctx, Principal principal, const Service& service, const Operation& operation, Message input);

  Random* random_;
  std::vector<Endpoint*> endpoints_;
};

}  // namespace mayfly::wire
