// A request's body that is a stream of events. Private to wire.
//
// The reverse of event_answer.h. Clients that sign their events put each into the payload of another message, which has the signature
// (":chunk-signature"): the inner one is read; the signature is not looked at here. An empty signed message is the end.
// A message of type "exception" or "error" ends the stream with an error, since its sender has given up.
#pragma once

#include <memory>

#include "wire/body_stream.h"
#include "wire/descriptor.h"
#include "wire/event_form.h"
#include "wire/event_reader.h"

namespace mayfly::wire {

// `events` has one member per kind of event; it and `form` outlive the result.
std::shared_ptr<EventSource> ReadEvents(const Structure& events, const EventForm& form, BlobStream body);

}  // namespace mayfly::wire
