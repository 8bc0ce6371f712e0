#include "cli/progress.h"

#include <unistd.h>

#include <cstdio>

#include <fmt/format.h>

#include "cli/units.h"

namespace mayfly::cli {
namespace {

constexpr Duration kQuiet = std::chrono::seconds(1);
constexpr Duration kRedraw = std::chrono::milliseconds(100);
constexpr std::string_view kClearLine = "\r\x1b[K";

void WriteToStandardError(std::string_view bytes) {
  std::fwrite(bytes.data(), 1, bytes.size(), stderr);
  std::fflush(stderr);
}

const SystemClock kSystemClock;

}  // namespace

Progress::Progress(std::string what, const Clock& clock, Terminal terminal, Writer write)
    : what_(std::move(what)), clock_(&clock), terminal_(terminal), write_(write), started_(clock.Now()) {}

Progress::Progress(std::string what) : Progress(std::move(what), kSystemClock, TerminalOf(STDERR_FILENO), &WriteToStandardError) {}

// "node 24.22.3: 23 MiB of 50 MiB (46 %), 11 MiB/s, 2 s left"
std::string Progress::Describe(int64_t bytes, int64_t total, std::string_view note) const {
  const double seconds = std::chrono::duration<double>(clock_->Now() - started_).count();
  const double rate = seconds > 0 ? static_cast<double>(bytes - first_bytes_) / seconds : 0;
  std::string out = fmt::format("{}: {}", what_, FormatBytes(bytes));
  if (total > 0) out += fmt::format(" of {} ({} %)", FormatBytes(total), bytes * 100 / total);
  if (rate >= 1) out += fmt::format(", {}/s", FormatBytes(static_cast<int64_t>(rate)));
  if (rate >= 1 && total > bytes) out += fmt::format(", {} left", FormatSpan(std::chrono::seconds(static_cast<int64_t>(static_cast<double>(total - bytes) / rate) + 1)));
  if (!note.empty()) out += fmt::format(", {}", note);
  return out;
}

void Progress::Update(int64_t bytes, int64_t total, std::string_view note) {
  if (first_bytes_ < 0) first_bytes_ = bytes;
  const TimePoint now = clock_->Now();
  if (now - started_ < kQuiet) return;
  if (!terminal_.is_terminal) {
    const int tenth = total > 0 ? static_cast<int>(bytes * 10 / total) : static_cast<int>(bytes >> 24);
    if (tenth == tenth_ && drawn_) return;
    tenth_ = tenth;
    drawn_ = true;
    return write_("mayfly: " + Describe(bytes, total, note) + '\n');
  }
  if (drawn_ && now - drawn_at_ < kRedraw) return;
  drawn_ = true;
  drawn_at_ = now;
  std::string line = Describe(bytes, total, note);
  if (terminal_.columns > 1) line = CutTo(line, static_cast<size_t>(terminal_.columns) - 1);
  write_(std::string(kClearLine) + line);
}

void Progress::End() {
  if (drawn_) Clear();
  drawn_ = false;
}

void Progress::Clear() {
  if (terminal_.is_terminal) write_(kClearLine);
}

}  // namespace mayfly::cli
