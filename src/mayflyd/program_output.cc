#include "mayflyd/program_output.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/fd.h"
#include "mayflyd/bounded_child.h"

namespace mayfly::daemon {
namespace {

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// Until the end, or `until`; what comes behind `bytes_max` is read and thrown away, so that the program can end.
std::string ReadUntil(int pipe, size_t bytes_max, TimePoint until) {
  const SystemClock clock;
  std::string output;
  char buffer[4096];
  for (;;) {
    pollfd readable{.fd = pipe, .events = POLLIN, .revents = 0};
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - clock.Now()).count();
    if (left <= 0) return output;
    const int ready = ::poll(&readable, 1, static_cast<int>(std::min<int64_t>(left, 60'000)));
    if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
    const ssize_t count = ready < 0 ? -1 : ::read(pipe, buffer, sizeof buffer);
    if (count <= 0) return output;
    output.append(buffer, std::min(static_cast<size_t>(count), bytes_max - std::min(bytes_max, output.size())));
  }
}

}  // namespace

std::vector<std::string> OwnEnvironment() {
  std::vector<std::string> all;
  for (char** variable = environ; variable && *variable; ++variable) all.emplace_back(*variable);
  return all;
}

std::optional<std::string> ReadProgramOutput(const ProgramCall& call) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, write_end.get(), STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, call.arguments.front().c_str(), &actions, nullptr, Pointers(call.arguments).data(), Pointers(call.environment).data());
  posix_spawn_file_actions_destroy(&actions);
  write_end.Reset();
  if (error != 0) return std::nullopt;
  const TimePoint until = SystemClock().Now() + call.patience;
  std::string output = ReadUntil(read_end.get(), call.bytes_max, until);
  const int status = AwaitChild(child, std::max<Duration>(until - SystemClock().Now(), Duration::zero()));
  return status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? std::optional<std::string>(std::move(output)) : std::nullopt;
}

}  // namespace mayfly::daemon
