// Protocol: how a service's operations look in HTTP: rest-json, rest-xml, json-1.0 and json-1.1, query, ec2-query, rpc-v2-cbor, each the
// same steps over the same descriptors. A service may speak several: each request says which one it means.
//
// Immutable once made; usable from any thread.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/http_message.h"
#include "wire/descriptor.h"
#include "wire/router.h"
#include "wire/storage.h"
#include "wire/violations.h"

namespace mayfly::wire {

class Protocol {
 public:
  virtual ~Protocol() = default;

  // Whether a request's head is of this protocol.
  virtual bool Recognizes(const http::Request& request) const = 0;
  // Whether Route needs the body to be there.
  virtual bool routes_by_body() const { return false; }
  // Which operation a request means. Errors: UnknownOperationException, MethodNotAllowedException, SerializationException.
  virtual Result<RouteMatch> Route(const http::Request& request) const = 0;

  // The request's struct. The operation is not todo. The body is moved out of `request`; it has been gathered, unless the operation
  // streams it: then its reader is moved into the struct. What is outside of the model's limits, or missing, is told to `violations`; the
  // rest is read all the same. Errors: SerializationException for what cannot be read.
  virtual Result<Message> Read(const RouteMatch& match, http::Request& request, Violations& violations) const = 0;
  // All that is wrong in one answer: ValidationException; InvalidParameterValueException for too long a bare name alone.
  virtual Error ErrorOf(const Violations& violations) const { return violations.ToError(); }
  // Read, and complete and within the model's limits. Errors: of both.
  Result<Message> Decode(const RouteMatch& match, http::Request& request) const;

  // `response` is empty when the operation has no output. A payload, and a stream, is moved out of it.
  virtual http::Response Encode(const Operation& operation, Message& response) const = 0;

  // Any error, also one of authentication or authorization; faults are told without their text.
  virtual http::Response EncodeError(const Error& error) const = 0;
  // Puts the request's id into an answer of Encode or EncodeError, which is complete then.
  virtual void Finish(http::Response& response, std::string_view request_id) const;
};

// Those of the service, in its order; the first one answers what none recognizes. Empty when one of the names is unknown.
std::vector<std::unique_ptr<Protocol>> MakeProtocols(const Service& service);

}  // namespace mayfly::wire
