#include "jail/lock_watch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>

#include "jail/kernel_files.h"

namespace mayfly::jail {
namespace {

constexpr uint32_t kLocksOfNoInterest = 4;  // of one process: whose cage is not looked for

std::string_view NextWord(std::string_view& text) {
  const size_t begin = std::min(text.find_first_not_of(' '), text.size());
  const size_t end = std::min(text.find(' ', begin), text.size());
  const std::string_view word = text.substr(begin, end - begin);
  text.remove_prefix(end);
  return word;
}

int ToNumber(std::string_view digits) {
  if (digits.empty() || digits.size() > 9 || digits.find_first_not_of("0123456789") != std::string_view::npos) return 0;
  return atoi(std::string(digits).c_str());
}

}  // namespace

// "12: POSIX  ADVISORY  WRITE 605 00:18:1046 0 EOF"; "12: -> POSIX …" waits.
int HolderOfRange(std::string_view line) {
  const std::string_view number = NextWord(line);
  if (number.empty() || number.back() != ':') return 0;
  const std::string_view kind = NextWord(line);
  if (kind != "POSIX" && kind != "ACCESS") return 0;
  NextWord(line);
  NextWord(line);
  return ToNumber(NextWord(line));
}

uint32_t CageOfGroups(std::string_view groups, std::string_view tree) {
  const std::string wanted = "/" + std::string(tree) + "/cage-";
  const size_t at = groups.find(wanted);
  if (at == std::string_view::npos) return 0;
  groups.remove_prefix(at + wanted.size());
  return static_cast<uint32_t>(ToNumber(groups.substr(0, groups.find_first_of("/\n"))));
}

std::vector<LockHolders> LockWatch::Look(std::chrono::steady_clock::time_point now) {
  if (now < next_look_) return {};
  next_look_ = now + kPause;
  const uint64_t kernel_bytes = KernelBytes();
  if (now < next_reading_ && kernel_bytes < least_kernel_bytes_ + kGrowthBytes) {
    least_kernel_bytes_ = std::min(least_kernel_bytes_, kernel_bytes);
    return {};
  }
  least_kernel_bytes_ = kernel_bytes;
  next_reading_ = now + kPauseMax;

  std::map<uint32_t, LockHolders> cages;
  for (const auto& [pid, locks] : CountByProcess()) {
    const uint32_t cage = locks < kLocksOfNoInterest ? 0 : CageOf(pid);
    if (cage == 0) continue;
    cages[cage].cage = cage;
    cages[cage].locks += locks;
    cages[cage].pids.push_back(pid);
  }
  std::vector<LockHolders> beyond;
  for (auto& [cage, holders] : cages) {
    if (holders.locks > kLocksMax) beyond.push_back(std::move(holders));
  }
  return beyond;
}

bool LockWatch::IsIn(uint32_t cage, int pid) const { return cage != 0 && CageOf(pid) == cage; }

uint64_t LockWatch::KernelBytes() const {
  const std::string text = ReadAt(proc_, "meminfo");
  const char* line = strstr(text.c_str(), "SUnreclaim:");
  return line == nullptr ? 0 : strtoull(line + strlen("SUnreclaim:"), nullptr, 10) << 10;
}

std::map<int, uint32_t> LockWatch::CountByProcess() const {
  std::map<int, uint32_t> counts;
  const UniqueFd list = OpenAt(proc_, "locks", O_RDONLY);
  char buffer[16384];
  size_t kept = 0;  // of a line whose end has not been read
  for (uint32_t lines = 0; list && lines < kLocksReadMax;) {
    const ssize_t size = read(list.get(), buffer + kept, sizeof buffer - kept);
    if (size <= 0) break;
    std::string_view text(buffer, kept + static_cast<size_t>(size));
    for (size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n'), ++lines) {
      if (const int pid = HolderOfRange(text.substr(0, end))) ++counts[pid];
      text.remove_prefix(end + 1);
    }
    kept = text.size() < sizeof buffer ? text.size() : 0;
    memmove(buffer, text.data(), kept);
  }
  return counts;
}

uint32_t LockWatch::CageOf(int pid) const { return CageOfGroups(ReadAt(proc_, std::to_string(pid) + "/cgroup"), tree_); }

}  // namespace mayfly::jail
