// FailedSignatures: who has sent so many requests with wrong credentials that no further one is looked at for a while.
//
// Counts per address (IPv6: per /64) in windows of a minute; beyond kFailuresMax nothing of that address is checked until the window ends. This
// machine's own addresses (loopback) are not counted. One per edge, on its strand. Bound: kAddressesMax, beyond which all are forgotten.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/result.h"

namespace mayfly::edge {

class FailedSignatures {
 public:
  static constexpr int kFailuresMax = 100;
  static constexpr size_t kAddressesMax = 10'000;
  static constexpr Duration kWindow = std::chrono::minutes(1);

  bool IsBarred(std::string_view address, TimePoint now) const;
  // `error`: what authentication has said. Not an error: one that is not about who the sender is.
  void Note(std::string_view address, const Error& error, TimePoint now);

 private:
  struct Window {
    TimePoint end;
    int failures = 0;
  };
  std::unordered_map<std::string, Window> windows_;
};

}  // namespace mayfly::edge
