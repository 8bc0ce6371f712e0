// XML answers of generated structs, by descriptors: lists and maps are flat (one element per item, named by the member's
// xml_name), absent members are left out, blobs are base64, times ISO 8601. Pure functions, any thread.
#pragma once

#include <string>
#include <string_view>

#include "wire/descriptor.h"

namespace mayfly::wire {

void WriteXmlMembers(const Structure& structure, const void* object, std::string& out);
// Escaped, also what a parser would take for white space of its own. What XML cannot hold becomes U+FFFD.
void AppendXmlText(std::string_view text, std::string& out);

}  // namespace mayfly::wire
