// An answer's body that is a stream of events, as REST protocols write it. Private to wire.
//
// Each event becomes one message: ":event-type" is its member's name; a member with @payload is the payload as it is (a blob is
// application/octet-stream, a string text/plain), any other event is JSON.
#pragma once

#include "net/http_message.h"
#include "wire/descriptor.h"

namespace mayfly::wire {

// `events` has one member per kind of event, and outlives the result.
std::move_only_function<Task<Result<>>(Context&, http::BodyWriter&)> WriteEvents(const Structure& events, RawEventStream stream);

}  // namespace mayfly::wire
