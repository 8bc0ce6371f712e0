#include "base/files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>

#include "base/fd.h"

namespace mayfly {

Result<std::string> ReadFile(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return Fail(Error::FromErrno("open " + path, errno));
  std::string bytes;
  char buffer[65536];
  for (;;) {
    const ssize_t count = ::read(fd.get(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Fail(Error::FromErrno("read " + path, errno));
    if (count == 0) return bytes;
    bytes.append(buffer, static_cast<size_t>(count));
  }
}

Result<> SyncDirectory(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return Fail(Error::FromErrno("open " + path, errno));
  if (::fsync(fd.get()) != 0) return Fail(Error::FromErrno("fsync " + path, errno));
  return {};
}

Result<> WriteAll(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Fail(Error::FromErrno("write " + path, errno));
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return {};
}

Result<> WriteFileDurably(const std::string& path, std::string_view bytes, unsigned mode) {
  const std::string temporary = path + ".tmp";
  // A new file always: in a folder that is another user's, a link in its place would lead root's bytes elsewhere.
  ::unlink(temporary.c_str());
  UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd) return Fail(Error::FromErrno("open " + temporary, errno));
  MF_TRY_VOID(WriteAll(fd.get(), bytes, temporary));
  if (::fdatasync(fd.get()) != 0) return Fail(Error::FromErrno("fdatasync " + temporary, errno));
  if (::rename(temporary.c_str(), path.c_str()) != 0) return Fail(Error::FromErrno("rename " + temporary, errno));
  const size_t slash = path.rfind('/');
  return SyncDirectory(slash == std::string::npos ? "." : path.substr(0, slash));
}

}  // namespace mayfly
