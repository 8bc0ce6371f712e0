// CountGuard: counts what is going on, a task that runs say: one more while it lives, also when its coroutine is cancelled.
#pragma once

#include "base/result.h"

namespace mayfly {

class CountGuard {
 public:
  // `count` outlives it.
  explicit CountGuard(int& count) : count_(&count) { ++*count_; }
  ~CountGuard() {
    MF_ASSERT(*count_ > 0);
    --*count_;
  }
  CountGuard(const CountGuard&) = delete;
  CountGuard& operator=(const CountGuard&) = delete;

 private:
  int* count_;
};

}  // namespace mayfly
