// EventForm: how a protocol writes the events of a stream that are structures. Private to wire.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/descriptor.h"
#include "wire/violations.h"

namespace mayfly::wire {

struct EventForm {
  std::string_view content_type;
  void (*write)(const Structure& event, const void* object, std::string& out);
  // Error: SerializationException.
  Result<> (*read)(const Structure& event, std::string bytes, void* object, Violations& violations);
};

extern const EventForm kJsonEvents;
extern const EventForm kXmlEvents;
extern const EventForm kCborEvents;

}  // namespace mayfly::wire
