// Text encodings: hex, base64, percent.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mayfly {

// Lower case.
std::string HexEncode(std::string_view bytes);
std::optional<std::string> HexDecode(std::string_view hex);

// Standard alphabet with padding.
std::string Base64Encode(std::string_view bytes);
// Strict about the alphabet; padding may be missing; white space (line breaks of MIME writers) is skipped. nullopt when
// it is no base64.
std::optional<std::string> Base64Decode(std::string_view text);

// Everything but A-Z a-z 0-9 - . _ ~ becomes %XX (RFC 3986); with keep_slash also '/' stays.
enum class SlashHandling : bool { Encode, Keep };
std::string PercentEncode(std::string_view text, SlashHandling slash = SlashHandling::Encode);
// %XX becomes a byte; a bad escape makes nullopt. '+' stays '+'.
std::optional<std::string> PercentDecode(std::string_view text);

bool IsValidUtf8(std::string_view text);

}  // namespace mayfly
