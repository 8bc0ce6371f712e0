// The output of a function's process, taken as it comes so that the function never blocks on it, cut into lines.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/loop.h"
#include "identity/access_keys.h"

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

// The environment's way to the world outside, so that simulation can stand in.
struct EnvironmentSpec;
class EnvironmentPorts {
 public:
  virtual ~EnvironmentPorts() = default;
  // Reads `fd` until its end, giving bytes to `on_bytes`; ends when the result is destroyed.
  virtual std::unique_ptr<LogPipe> OpenPipe(UniqueFd fd, std::function<void(std::string_view)> on_bytes) = 0;
  // Fresh credentials of the execution role; nothing where functions get none.
  virtual std::optional<identity::AccessKey> IssueCredentials(const EnvironmentSpec&) { return std::nullopt; }
};

}  // namespace mayfly::runtime
