// The version of all programs.
#pragma once

namespace mayfly::daemon {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace mayfly::daemon
