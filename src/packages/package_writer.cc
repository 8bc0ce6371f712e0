#include "packages/package_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "base/fd.h"
#include "base/files.h"

namespace mayfly::packages {
namespace {

// For packages with more files one syncfs is cheaper than thousands of fsyncs.
constexpr size_t kFilesSyncedSinglyMax = 64;
constexpr uint32_t kTypeMask = 0170000, kTypeFile = 0100000, kTypeDirectory = 0040000, kTypeSymlink = 0120000;

Error BadEntry(std::string_view what, const std::string& path) {
  return Error::Fault(fmt::format("package: {}: {:?}", what, std::string_view(path).substr(0, 200)));
}

Result<std::string> ReadLinkTarget(const ZipReader& zip, const ZipEntry& entry, const PackageLimits& limits) {
  if (entry.unpacked_bytes > limits.path_bytes_max) return Fail(BadEntry("a link with an impossible target", entry.name));
  std::string target;
  MF_TRY_VOID(zip.Read(entry, [&](std::string_view piece) -> Result<> {
    target.append(piece);
    return {};
  }));
  return target;
}

Result<UniqueFd> CreateNew(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return Fail(Error::FromErrno("create " + path, errno));
  return fd;
}

Result<> Seal(UniqueFd file, const std::string& path, unsigned mode, PackageSync& sync) {
  if (::fchmod(file.get(), mode) != 0) return Fail(Error::FromErrno("fchmod " + path, errno));
  sync.Add(std::move(file));
  return {};
}

std::unexpected<UnpackError> DiskFailed(Error error) {
  return std::unexpected(UnpackError{UnpackError::Blame::Disk, std::move(error)});
}

std::expected<void, UnpackError> UnpackFile(const ZipReader& zip, const ZipEntry& entry, const std::string& path, PackageSync& sync) {
  auto fd = CreateNew(path);
  if (!fd) return DiskFailed(fd.error());
  bool disk_failed = false;
  const auto read = zip.Read(entry, [&](std::string_view piece) -> Result<> {
    auto written = WriteAll(fd->get(), piece, path);
    disk_failed = !written;
    return written;
  });
  if (!read) return std::unexpected(UnpackError{disk_failed ? UnpackError::Blame::Disk : UnpackError::Blame::Zip, read.error()});
  // Interpreters compare a source's time with the one in its compiled cache, so it stays what the zip says.
  const timespec times[2] = {{.tv_sec = entry.modified_seconds}, {.tv_sec = entry.modified_seconds}};
  if (::futimens(fd->get(), times) != 0) return DiskFailed(Error::FromErrno("futimens " + path, errno));
  if (auto sealed = Seal(std::move(*fd), path, FilePermissions(entry), sync); !sealed) return DiskFailed(sealed.error());
  return {};
}

Result<> MakeDirectories(const PackagePlan& plan, const std::string& root) {
  for (const auto& [path, kind] : plan.tree.nodes()) {
    if (kind != PackageTree::Kind::Directory) continue;
    const std::string full = root + "/" + path;
    if (::mkdir(full.c_str(), 0755) != 0) return Fail(Error::FromErrno("mkdir " + full, errno));
    if (::chmod(full.c_str(), 0755) != 0) return Fail(Error::FromErrno("chmod " + full, errno));  // whatever the umask
  }
  return {};
}

Result<> MakeSymlinks(const PackagePlan& plan, const std::string& root) {
  for (const auto& [path, target] : plan.tree.symlinks()) {
    const std::string full = root + "/" + path;
    if (::symlink(target.c_str(), full.c_str()) != 0) return Fail(Error::FromErrno("symlink " + full, errno));
  }
  return {};
}

}  // namespace

unsigned FilePermissions(const ZipEntry& entry) {
  if (!entry.has_unix_mode) return 0755;
  const unsigned executable = (entry.unix_mode & 0111) != 0 ? 0111 : 0;
  return (entry.unix_mode & 0755) | 0444 | executable;
}

Result<PackagePlan> PlanPackage(const ZipReader& zip, const PackageLimits& limits) {
  PackagePlan plan{.tree = PackageTree(limits), .files = {}};
  plan.files.reserve(zip.entries().size());
  for (const ZipEntry& entry : zip.entries()) {
    MF_TRY(std::string path, NormalizePackagePath(entry.name, limits));
    const uint32_t type = entry.unix_mode & kTypeMask;
    if (entry.is_directory()) {
      // Some writers mark "dir/" as an empty regular file.
      const bool empty_file = type == kTypeFile && entry.unpacked_bytes == 0;
      if (type != 0 && type != kTypeDirectory && !empty_file) return Fail(BadEntry("a directory that is something else", path));
      MF_TRY_VOID(plan.tree.AddDirectory(path));
    } else if (type == kTypeSymlink) {
      MF_TRY(const std::string target, ReadLinkTarget(zip, entry, limits));
      MF_TRY_VOID(plan.tree.AddSymlink(path, target));
    } else if (type == 0 || type == kTypeFile) {
      MF_TRY_VOID(plan.tree.AddFile(path));
      plan.files.push_back({std::move(path), &entry});
    } else {
      return Fail(BadEntry("neither file nor directory nor link", path));
    }
  }
  MF_TRY_VOID(plan.tree.CheckSymlinks());
  return plan;
}

void PackageSync::Add(UniqueFd file) {
  MF_ASSERT(file && files_.size() <= kFilesSyncedSinglyMax);
  if (files_.size() == kFilesSyncedSinglyMax) {
    files_.resize(1);  // tells the file system
    many_ = true;
  }
  if (many_) return;
  // A hint: without it, each fsync below would have a turn of the journal to itself.
  ::sync_file_range(file.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
  files_.push_back(std::move(file));
}

Result<> PackageSync::Finish() {
  MF_ASSERT(!many_ || files_.size() == 1);
  if (many_ && ::syncfs(files_.front().get()) != 0) return Fail(Error::FromErrno("syncfs", errno));
  for (const UniqueFd& file : files_) {
    if (!many_ && ::fsync(file.get()) != 0) return Fail(Error::FromErrno("fsync of a package's file", errno));
  }
  files_.clear();
  many_ = false;
  return {};
}

std::expected<void, UnpackError> UnpackPackage(const ZipReader& zip, const PackagePlan& plan, const std::string& root, PackageSync& sync) {
  if (auto made = MakeDirectories(plan, root); !made) return DiskFailed(made.error());
  for (const auto& [path, entry] : plan.files) {
    auto unpacked = UnpackFile(zip, *entry, root + "/" + path, sync);
    if (!unpacked) return unpacked;
  }
  if (auto made = MakeSymlinks(plan, root); !made) return DiskFailed(made.error());
  return {};
}

Result<> WriteNewFile(const std::string& path, std::string_view bytes, unsigned mode, PackageSync& sync) {
  MF_TRY(UniqueFd fd, CreateNew(path));
  MF_TRY_VOID(WriteAll(fd.get(), bytes, path));
  return Seal(std::move(fd), path, mode, sync);
}

}  // namespace mayfly::packages
