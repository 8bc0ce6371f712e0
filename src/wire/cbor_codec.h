// CBOR ↔ generated structs, by descriptors.
//
// As json_codec.h, but that blobs are byte strings, times are seconds with tag 1, and a key that comes twice is an error. Unknown
// members are passed over, null is absence. Pure functions, any thread. Bounds: those of cbor.h.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "wire/cbor.h"
#include "wire/descriptor.h"
#include "wire/violations.h"

namespace mayfly::wire {

// Reads the chosen members from a document that is one map; an empty document has none. Error: SerializationException.
Result<> ReadCborDocument(const Structure& structure, MemberChoice choice, std::string_view bytes, void* target, Violations& violations);

// The map of the chosen members that are present.
void WriteCborMembers(const Structure& structure, MemberChoice choice, const void* object, std::string& out);
// A JSON value, as errors have them.
void WriteCborValue(const json::Value& value, CborWriter& writer);

}  // namespace mayfly::wire
