#include "mayflyd/directory_probe.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "mayflyd/bounded_child.h"

namespace mayfly::daemon {

int ProbeDirectory(const std::string& path, Duration patience) {
  const pid_t child = ::fork();
  if (child < 0) return errno;
  if (child == 0) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) ::_exit(errno);
    ::_exit(S_ISDIR(status.st_mode) ? 0 : ENOTDIR);
  }
  const int status = AwaitChild(child, patience);
  return status >= 0 && WIFEXITED(status) ? WEXITSTATUS(status) : ETIMEDOUT;
}

}  // namespace mayfly::daemon
