// Where the daemon listens.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mayfly::daemon {

struct ListenAddress {
  std::string host;
  uint16_t port = 0;  // 0: a free one

  // Whether only this machine can reach it.
  bool is_loopback() const;
};

// "HOST:PORT", "[::1]:4566". Error: Fault, with what was expected.
Result<ListenAddress> ParseListenAddress(std::string_view text);

}  // namespace mayfly::daemon
