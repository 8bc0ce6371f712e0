// RealLoop: a loop over the kernel (Boost.Asio's reactor, seen only in .cc files of base and net).
#pragma once

#include <memory>

#include "base/loop.h"

namespace mayfly {

class RealLoop final : public Loop {
 public:
  RealLoop();
  ~RealLoop() override;

  TimePoint Now() const override { return std::chrono::steady_clock::now(); }
  WallTime WallNow() const override { return std::chrono::system_clock::now(); }
  void Post(Callback callback) override;
  void PostFromAnyThread(Callback callback) override;
  TimerId CallAt(TimePoint when, Callback callback) override;
  void CancelTimer(TimerId timer) override;

  // Runs until Stop(). Returns at once if Stop() came before.
  void Run();
  // From any thread.
  void Stop();
  // Runs `task` to its end on this thread (programs' main and tests).
  template <typename T>
  T Run(Task<T> task) {
    std::optional<T> value;
    auto driver = [](Task<T> inner, std::optional<T>& out) -> Task<> { out.emplace(co_await std::move(inner)); };
    RunVoid(driver(std::move(task), value));
    return std::move(*value);
  }
  void RunVoid(Task<> task);

  // For net/*.cc: the boost::asio::io_context.
  void* native() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mayfly
