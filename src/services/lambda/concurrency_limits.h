// What of an account's concurrency may be set aside. By value, in whatever asks.
#pragma once

#include <algorithm>

namespace mayfly::lambda {

struct ConcurrencyLimits {
  int account = 1000;
  int unreserved_min = 100;

  // What must stay for functions without reserved concurrency; all, where the account has less.
  int UnreservedFloor() const { return std::min(unreserved_min, account); }
};

}  // namespace mayfly::lambda
