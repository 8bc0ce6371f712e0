#include "telemetry/trail.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

#include <fmt/format.h>

#include "base/files.h"
#include "base/log.h"

namespace mayfly::telemetry {
namespace {

constexpr std::string_view kTrailSuffix = ".jsonl";
constexpr size_t kDayCharacters = 10;  // of "2026-01-31"

// The days that have files, the newest first.
std::vector<std::string> DaysIn(const std::string& directory) {
  std::vector<std::string> days;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename().string();
    if (name.size() == kDayCharacters + kTrailSuffix.size() && name.ends_with(kTrailSuffix)) days.push_back(name.substr(0, kDayCharacters));
  }
  std::ranges::sort(days, std::greater<>());
  return days;
}

std::string PathOf(const std::string& directory, std::string_view day) { return fmt::format("{}/{}{}", directory, day, kTrailSuffix); }

// Gives the lines of `text` from its end. False when `take` wants no more; `before` is where the line that it refused ends.
bool TakeLines(std::string_view text, uint64_t& before, const std::function<bool(std::string_view)>& take) {
  size_t end = static_cast<size_t>(std::min<uint64_t>(before, text.size()));
  while (end > 0) {
    const size_t line_end = text[end - 1] == '\n' ? end - 1 : end;
    const size_t break_at = line_end == 0 ? std::string_view::npos : text.rfind('\n', line_end - 1);
    const size_t begin = break_at == std::string_view::npos ? 0 : break_at + 1;
    if (begin < line_end && !take(text.substr(begin, line_end - begin))) {
      before = end;
      return false;
    }
    end = begin;
  }
  return true;
}

}  // namespace

Result<> Trail::Open(std::string directory) {
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return Fail(Error::Fault(fmt::format("make {}: {}", directory, std::strerror(errno))));
  directory_ = std::move(directory);
  return {};
}

void Trail::Begin(const std::string& day) {
  day_ = day;
  const std::string path = PathOf(directory_, day);
  file_ = UniqueFd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  struct stat status{};
  bytes_ = file_ && ::fstat(file_.get(), &status) == 0 ? static_cast<uint64_t>(status.st_size) : 0;
  if (!file_) log::Warning("trail: open {}: {}", path, std::strerror(errno));
  const auto days = DaysIn(directory_);
  for (size_t at = kDaysMax; at < days.size(); ++at) ::unlink(PathOf(directory_, days[at]).c_str());
}

void Trail::Write(std::string_view record, WallTime now) {
  if (directory_.empty()) return;
  const std::string day = FormatIso8601(now).substr(0, kDayCharacters);
  if (day != day_) Begin(day);
  if (!file_ || record.size() > kRecordBytesMax || bytes_ + record.size() + 1 > kDayBytesMax) {
    ++dropped_;
    return;
  }
  std::string line(record);
  line += '\n';
  if (auto written = WriteAll(file_.get(), line, directory_); !written) {
    ++dropped_;
    log::Warning("trail: {}", written.error().ToString());
    return;
  }
  bytes_ += line.size();
}

void Trail::Clear() {
  if (directory_.empty()) return;
  file_.Reset();
  day_.clear();
  for (const std::string& day : DaysIn(directory_)) ::unlink(PathOf(directory_, day).c_str());
}

Result<Trail::Place> Trail::Read(const std::string& directory, Place from, const std::function<bool(std::string_view)>& take) {
  for (const std::string& day : DaysIn(directory)) {
    if (!from.day.empty() && day > from.day) continue;
    uint64_t before = day == from.day ? from.before : UINT64_MAX;
    MF_TRY(const std::string text, ReadFile(PathOf(directory, day)));
    if (!TakeLines(text, before, take)) return Place{day, before};
  }
  return Place{};
}

}  // namespace mayfly::telemetry
