// Members that stand outside of a body: in the path, the query, headers and the status. Shared by all protocols; private to wire.
#pragma once

#include "base/result.h"
#include "net/http_message.h"
#include "wire/descriptor.h"
#include "wire/router.h"
#include "wire/violations.h"

namespace mayfly::wire {

// Reads them from a request into the struct. A list is a parameter that is repeated, or a header whose values are parted by commas;
// a map in headers has the rest of their names, in small letters, as its keys. Required ones that are missing are violations.
// Error: SerializationException.
Result<> ReadOutsideMembers(const Structure& structure, const RouteMatch& match, const http::Request& request, void* object, Violations& violations);
// Those of them that protocols without paths know: headers.
Result<> ReadHeaderMembers(const Structure& structure, const http::Request& request, void* object, Violations& violations);

// Writes them into the answer: headers and the status.
void WriteOutsideMembers(const Structure& structure, const void* object, http::Response& response);

}  // namespace mayfly::wire
