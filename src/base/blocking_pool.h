// BlockingPool: threads for calls that block (files, archives, SQLite reads). The loop never blocks.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "base/event.h"
#include "base/loop.h"

namespace mayfly {

// `name` shows in ps and gdb. Destroying the pool waits for what was accepted. Run() is called on a loop's thread; the
// function runs on one of the pool's threads; the awaiting task goes on on its own loop.
// Bound: callers are bounded by what admits them; the queue itself only holds one entry per suspended task.
// A task that is destroyed while its function runs is allowed: the function still runs to its end, its result is dropped,
// so it must own what it uses. What it owns has gone when the awaiting task goes on.
class BlockingPool {
 public:
  BlockingPool(std::string name, int threads);
  ~BlockingPool();

  template <typename Function>
  auto Run(Loop& loop, Function function) -> Task<std::invoke_result_t<Function>> {
    using Value = std::invoke_result_t<Function>;
    auto slot = std::make_shared<OneShot<Value>>(loop);
    Submit([&loop, slot, function = std::move(function)]() mutable {
      auto value = std::make_shared<Value>(Function(std::move(function))());
      loop.PostFromAnyThread([slot = std::move(slot), value = std::move(value)]() mutable { slot->Set(std::move(*value)); });
    });
    co_return co_await slot->Take();
  }
  void Submit(Loop::Callback function);

 private:
  void Work(std::string name);

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Loop::Callback> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace mayfly
