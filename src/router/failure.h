// What could not be done, and why, in a sentence for the operator.
#pragma once

#include <cerrno>
#include <cstring>
#include <string>

namespace mayfly::router {

inline std::string Failure(const std::string& what, int error = errno) { return what + ": " + strerror(error); }

}  // namespace mayfly::router
