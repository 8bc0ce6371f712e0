// An answer's body that is a stream of events. Private to wire.
//
// Each event becomes one message: ":event-type" is its member's name; a member with @payload is the payload as it is (a blob is
// application/octet-stream, a string text/plain), any other event is in the protocol's form.
#pragma once

#include "net/http_message.h"
#include "wire/descriptor.h"
#include "wire/event_form.h"
#include "wire/storage.h"

namespace mayfly::wire {

// Makes the stream the body of `response`. `events` has one member per kind of event, and outlives it. `initial`: the other members of
// the answer, where a protocol has no place for them outside of the body; they are a message of their own, the first one.
void StreamEvents(const Structure& events, const EventForm& form, RawEventStream stream, http::Response& response, std::string initial = {});

// What protocols without paths do with a message that has such a stream: what has been written into the response's body is its
// initial event. Nothing for a message without one.
void StreamRpcEvents(const EventForm& form, Message& message, http::Response& response);

}  // namespace mayfly::wire
