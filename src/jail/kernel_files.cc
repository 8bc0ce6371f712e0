#include "jail/kernel_files.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

namespace mayfly::jail {

UniqueFd OpenAt(int folder, const std::string& path, int flags) {
  return UniqueFd(openat(folder, path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW));
}

int WriteTo(int fd, std::string_view text) {
  if (fd < 0) return EBADF;
  const ssize_t written = write(fd, text.data(), text.size());
  if (written < 0) return errno;
  return static_cast<size_t>(written) == text.size() ? 0 : EIO;
}

int WriteAt(int folder, const std::string& path, std::string_view text) {
  const UniqueFd file = OpenAt(folder, path, O_WRONLY);
  if (!file) return errno;
  return WriteTo(file.get(), text);
}

std::string ReadAt(int folder, const std::string& path) {
  constexpr size_t kBytesMax = 1 << 20;
  std::string text;
  const UniqueFd file = OpenAt(folder, path, O_RDONLY);
  char buffer[4096];
  while (file && text.size() < kBytesMax) {
    const ssize_t size = read(file.get(), buffer, sizeof buffer);
    if (size <= 0) break;
    text.append(buffer, static_cast<size_t>(size));
  }
  return text;
}

uint64_t ProcessStartTime(int proc_folder, int pid) {
  const std::string stat = ReadAt(proc_folder, std::to_string(pid) + "/stat");
  // The name in parentheses may hold anything; field 22 counts from behind it (field 3 is the first).
  size_t position = stat.rfind(')');
  if (position == std::string::npos) return 0;
  if (position + 2 >= stat.size() || stat[position + 2] == 'Z' || stat[position + 2] == 'X') return 0;
  for (int field = 2; field < 22; ++field) {
    position = stat.find(' ', position + 1);
    if (position == std::string::npos) return 0;
  }
  return strtoull(stat.c_str() + position + 1, nullptr, 10);
}

void ResetSignals() {
  for (int signal_number = 1; signal_number < NSIG; ++signal_number) signal(signal_number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

// With the privilege each write of oom_score_adj is also the least that the process and its children may set without it; writing the
// older file, which has another scale, leaves that alone.
void OfferChildrenToOutOfMemoryKiller(int proc_folder) {
  if (WriteAt(proc_folder, "self/oom_score_adj", "1000") == 0 && WriteAt(proc_folder, "self/oom_adj", "0") == 0) return;
  WriteAt(proc_folder, "self/oom_score_adj", "0");
}

}  // namespace mayfly::jail
