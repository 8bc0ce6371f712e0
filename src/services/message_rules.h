// Rules that queues and topics have in common for what their senders say. Pure functions, any thread.
// Source: AWS "Amazon SQS message attributes", API reference "SendMessage".
#pragma once

#include <string_view>

namespace mayfly::services {

// "#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF": what XML, and so an answer, can carry. `text` is UTF-8.
bool HasOnlyXmlCharacters(std::string_view text);

// A decimal number that attributes of the type Number may have: "-1.5e+10". At most 38 digits without the zeros around them, between -10^128
// and 10^126, and not closer to 0 than 10^-128 unless it is 0. No blanks, no NaN, no infinity.
bool IsMessageNumber(std::string_view text);

}  // namespace mayfly::services
