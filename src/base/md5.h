// MD5, which some of AWS's protocols ask for as a checksum. Not for secrets.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace mayfly {

using Md5Digest = std::array<unsigned char, 16>;

Md5Digest Md5(std::string_view bytes);
std::string Md5Hex(std::string_view bytes);

}  // namespace mayfly
