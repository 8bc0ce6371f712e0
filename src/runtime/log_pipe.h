// The output of a function's process, taken as it comes so that the function never blocks on it, cut into lines.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/loop.h"

namespace mayfly::runtime {

inline constexpr size_t kLogLineBytesMax = 256 * 1024;  // CloudWatch Logs: one event; longer lines are split

// Turns bytes into lines. A line without an end is kept until it has one, grows too long, or Flush().
class LineSplitter {
 public:
  explicit LineSplitter(std::function<void(std::string_view)> line) : line_(std::move(line)) {}
  void Add(std::string_view bytes);
  void Flush();

 private:
  std::function<void(std::string_view)> line_;
  std::string partial_;
};

// Bounds how much a function may log: bursts of `burst_bytes`, then `bytes_per_second`. What is beyond is counted, not kept.
class LogBudget {
 public:
  LogBudget(const Clock& clock, uint64_t burst_bytes, uint64_t bytes_per_second)
      : clock_(&clock), burst_(burst_bytes), rate_(bytes_per_second), available_(static_cast<double>(burst_bytes)), filled_at_(clock.Now()) {}
  // false: drop it.
  bool Take(size_t bytes);

 private:
  const Clock* clock_;
  uint64_t burst_;
  uint64_t rate_;
  double available_;
  TimePoint filled_at_;
};

// A pipe being read. DrainNow() takes what the function has written so far, at once (before an invocation's report).
class LogPipe {
 public:
  virtual ~LogPipe() = default;
  virtual void DrainNow() = 0;
};

// What one process writes, as lines.
struct ProcessOutput {
  explicit ProcessOutput(const std::function<void(std::string_view)>& line) : stdout_lines(line), stderr_lines(line) {}
  void Drain() {
    if (stdout_pipe) stdout_pipe->DrainNow();
    if (stderr_pipe) stderr_pipe->DrainNow();
  }
  void Flush() {
    stdout_lines.Flush();
    stderr_lines.Flush();
  }

  LineSplitter stdout_lines;
  LineSplitter stderr_lines;
  std::unique_ptr<LogPipe> stdout_pipe;  // null: none, or closed
  std::unique_ptr<LogPipe> stderr_pipe;
};

}  // namespace mayfly::runtime
