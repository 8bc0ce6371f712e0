// Errors on the wire: status, headers and members of an answer that tells of an Error.
//
// A service error goes out as it stands. Everything else is ours: the client sees ServiceException (or the service's own
// word for it) with a plain sentence, never the log's text.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "wire/descriptor.h"

namespace mayfly::wire {

struct ErrorAnswer {
  int status = 500;
  std::string code;         // "ResourceNotFoundException"
  std::string retry_after;  // seconds for the Retry-After header; empty when there is none
  // Further headers, of members whose names begin with @: {"@Allow", "\"DELETE\""}. REST protocols send them.
  std::vector<std::pair<std::string, std::string>> headers;
  json::Object body;        // further members, Type (User or Service, where the model has the error), message or Message
};

// What a caller is told of an error: a service error as it stands; of a fault that there was one.
Error ForCaller(const Service& service, const Error& error);

ErrorAnswer DescribeError(const Service& service, const Error& error);
// The same error, for an answer that has no Type although the model has the error: AWS leaves it out of some.
Error WithoutType(Error error);
// What the query protocol calls the error that is described: its code of the model, or "InvalidParameterValue".
std::string QueryCodeOf(const Service& service, const ErrorAnswer& answer);
// The same for newer SDKs, which find it in the header x-amzn-query-error: "CODE;Sender".
std::string QueryErrorOf(const Service& service, const ErrorAnswer& answer);
// What protocols without paths call it, in __type: "NAMESPACE#CODE".
std::string TypeOf(const Service& service, const ErrorAnswer& answer);
// Of a request without a member that it must have, in services that speak query: "MissingParameter".
Error MissingParameter(std::string_view path);

// The status of a code that AWS's services share and no model lists (ValidationException, AccessDeniedException …); 0 for
// an unknown one.
int CommonErrorStatus(std::string_view code);

// The answer to an operation that is still todo: 501, naming the operation and what builds it.
Error NotImplemented(const Operation& operation);

}  // namespace mayfly::wire
