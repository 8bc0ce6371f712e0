// Protocol: how a service's operations look in HTTP. rest-json is the first; others (rest-xml, json-1.0/1.1, query, CBOR)
// implement the same four steps over the same descriptors.
//
// Immutable once made; usable from any thread.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "net/http_message.h"
#include "wire/descriptor.h"
#include "wire/router.h"
#include "wire/storage.h"

namespace mayfly::wire {

class Protocol {
 public:
  virtual ~Protocol() = default;

  // Which operation a request means. Errors: UnknownOperationException, MethodNotAllowedException, SerializationException.
  virtual Result<RouteMatch> Route(const http::Request& request) const = 0;

  // The request's struct, complete and within the model's limits. The operation is not todo, and the body has been gathered;
  // it is moved out of `request`. Errors: SerializationException for what cannot be read, ValidationException for
  // values outside of their limits (all of them in one answer), InvalidParameterValueException for too long a bare name.
  virtual Result<Message> Decode(const RouteMatch& match, http::Request& request) const = 0;

  // `response` is empty when the operation has no output.
  virtual http::Response Encode(const Operation& operation, const Message& response) const = 0;

  // Any error, also one of authentication or authorization; faults are told without their text.
  virtual http::Response EncodeError(const Error& error) const = 0;
};

// Null when no protocol has that name.
std::unique_ptr<Protocol> MakeProtocol(const Service& service);

}  // namespace mayfly::wire
