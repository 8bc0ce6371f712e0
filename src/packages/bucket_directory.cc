#include "packages/bucket_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/fd.h"
#include "base/hash.h"
#include "base/log.h"

namespace mayfly::packages {
namespace {

bool IsName(std::string_view part) {
  return !part.empty() && part != "." && part != ".." && part.find('/') == std::string_view::npos && part.find('\0') == std::string_view::npos;
}

// What an open that failed means to somebody who asked for an object. `missing`: what it means that nothing is there.
Error Meaning(const std::string& what, int error_number, Error missing) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
      return missing;
    case ELOOP:
      log::Info("{} is a symbolic link: not followed", what);
      return AccessDenied();
    case EACCES:
    case EPERM:
      log::Warning("{} cannot be read by the daemon's user", what);
      return AccessDenied();
    default:
      return Error::FromErrno("open " + what, error_number);
  }
}

Result<UniqueFd> OpenFolder(int parent, const std::string& name, Error missing) {
  MF_ASSERT(parent >= 0 && IsName(name));
  UniqueFd folder(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (folder.get() < 0) {
    // O_DIRECTORY with O_NOFOLLOW says ENOTDIR of a link.
    struct stat status{};
    const int error_number = errno;
    const bool link = ::fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode);
    return Fail(Meaning(name, link ? ELOOP : error_number, std::move(missing)));
  }
  return folder;
}

Result<std::string> ReadWhole(int file, const std::string& what) {
  struct stat status{};
  if (::fstat(file, &status) != 0) return Fail(Error::FromErrno("stat " + what, errno));
  if (!S_ISREG(status.st_mode)) return Fail(NoSuchKey());
  if (static_cast<uint64_t>(status.st_size) > kSourceBytesMax) return Fail(SourceTooLarge());
  std::string bytes(static_cast<size_t>(status.st_size), '\0');
  size_t read = 0;
  while (read < bytes.size()) {
    const ssize_t count = ::read(file, bytes.data() + read, bytes.size() - read);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Fail(Error::FromErrno("read " + what, errno));
    if (count == 0) break;  // it was cut meanwhile
    read += static_cast<size_t>(count);
    MF_ASSERT(read <= bytes.size());
  }
  bytes.resize(read);
  return bytes;
}

}  // namespace

Result<FetchedCode> ReadBucketObject(const std::string& folder, const CodeLocation& location) {
  const UniqueFd root(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (root.get() < 0) return Fail(Meaning(folder, errno, NoSuchBucket()));
  if (!IsName(location.bucket)) return Fail(NoSuchBucket());
  MF_TRY(UniqueFd at, OpenFolder(root.get(), location.bucket, NoSuchBucket()));
  std::string_view rest = location.key;
  for (size_t slash = rest.find('/'); slash != std::string_view::npos; slash = rest.find('/')) {
    const std::string part(rest.substr(0, slash));
    if (!IsName(part)) return Fail(NoSuchKey());
    MF_TRY(at, OpenFolder(at.get(), part, NoSuchKey()));
    rest.remove_prefix(slash + 1);
  }
  const std::string name(rest);
  if (!IsName(name)) return Fail(NoSuchKey());
  // A pipe must not keep the thread: it is opened without waiting, and then refused.
  const UniqueFd file(::openat(at.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (file.get() < 0) return Fail(Meaning(name, errno, NoSuchKey()));
  FetchedCode code;
  MF_TRY(code.bytes, ReadWhole(file.get(), name));
  code.version = Sha256Hex(code.bytes);
  if (!location.version.empty() && location.version != code.version) return Fail(NoSuchVersion());
  return code;
}

Task<Result<FetchedCode>> BucketDirectory::Fetch(Context& ctx, CodeLocation location) {
  co_return co_await files_->Run(*ctx.loop, [folder = folder_, location = std::move(location)] { return ReadBucketObject(folder, location); });
}

}  // namespace mayfly::packages
