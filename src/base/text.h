// Small things with text. Pure functions.
#pragma once

#include <string_view>
#include <vector>

namespace mayfly {

// Splits at `separator`; "a;;b" has an empty middle, "" is one empty piece. Views into `text`.
std::vector<std::string_view> Split(std::string_view text, char separator);

}  // namespace mayfly
