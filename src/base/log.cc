#include "base/log.h"

#include <unistd.h>

#include <atomic>
#include <string>

#include "base/clock.h"

namespace mayfly::log {
namespace {
std::atomic<Level> threshold{Level::Info};
constexpr std::string_view kNames[] = {"debug", "info ", "warn ", "error"};
}  // namespace

void SetLevel(Level level) { threshold = level; }
bool IsEnabled(Level level) { return level >= threshold.load(std::memory_order_relaxed); }

void Write(Level level, std::string_view message) {
  std::string line = fmt::format("{} {} {}\n", FormatIso8601(SystemClock().WallNow()), kNames[static_cast<int>(level)], message);
  // One write per line, so lines of several threads do not mix. A log that cannot be written must not stop the daemon.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace mayfly::log
