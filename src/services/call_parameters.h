// The parameters of a call as the trail tells them (requestParameters): JSON with names that begin small, without secrets (what the model calls
// sensitive says so instead of its value), without bytes and streams, at most kParametersBytesMax long ("" when it would be longer).
// Pure function.
#pragma once

#include <string>

#include "wire/storage.h"

namespace mayfly::services {

inline constexpr size_t kParametersBytesMax = 32 * 1024;

std::string ParametersOf(const wire::Message& request);

}  // namespace mayfly::services
