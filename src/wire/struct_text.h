// A generated struct as JSON text, and back: for who keeps what a client has said as it was said. The structure is that of an operation's
// input or output. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "wire/descriptor.h"

namespace mayfly::wire {

// All members that are present, wherever they stand on the wire.
std::string WriteStruct(const Structure& structure, const void* object);
// `value` may lose its texts. Limits are those of the model as it is now; what breaks them is taken all the same, for it was within them once.
// Error: SerializationException.
Result<> ReadStruct(const Structure& structure, json::Value& value, void* object);

}  // namespace mayfly::wire
