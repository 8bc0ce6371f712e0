// Why a payload is no JSON, in the words in which AWS's parser says it: what it stumbled over, and where.
#pragma once

#include <string>
#include <string_view>

namespace mayfly::lambda {

// For text that is not one JSON value. Works through it once; text that this reader would take has a general answer.
std::string WhyNoJson(std::string_view text);

}  // namespace mayfly::lambda
