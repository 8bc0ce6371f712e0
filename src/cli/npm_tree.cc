#include "cli/npm_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include <fmt/format.h>

#include "base/files.h"
#include "images/byte_source.h"
#include "images/image_layer.h"

namespace mayfly::cli {
namespace {

using images::LayerEntry;

constexpr std::string_view kTop = "package";
constexpr std::string_view kLeftOut = "include/";  // for compilers: half of Node.js' files
constexpr const char* kListName = "list";
constexpr off_t kListBytesMax = 64 << 20;

// What stands below "package"; nullopt: it stands elsewhere. "" is the top itself.
std::optional<std::string> BelowTop(const std::string& path) {
  if (path.empty() || path == kTop) return std::string();
  if (!path.starts_with(kTop) || path[kTop.size()] != '/') return std::nullopt;
  return path.substr(kTop.size() + 1);
}

Result<> CheckEntry(const LayerEntry& entry) {
  if (entry.kind != LayerEntry::Kind::File && entry.kind != LayerEntry::Kind::Directory) {
    return Fail(Error::Fault(fmt::format("the package has {}, which is neither file nor folder", entry.path)));
  }
  const auto clean = images::CleanLayerPath(entry.path);
  if (!clean || *clean != entry.path || !BelowTop(entry.path)) return Fail(Error::Fault(fmt::format("the package has {}, outside of its folder", entry.path)));
  return {};
}

// Folders on the way to `path`, and `path` itself.
Result<> MakeFolders(int tree, const std::string& path) {
  for (size_t slash = path.find('/');; slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    if (!part.empty() && ::mkdirat(tree, part.c_str(), 0755) != 0 && errno != EEXIST) return Fail(Error::FromErrno("make " + part, errno));
    if (slash == std::string::npos) return {};
  }
}

Result<> MoveFile(int from, const LayerEntry& entry, int tree, const std::string& path) {
  if (const size_t slash = path.rfind('/'); slash != std::string::npos) MF_TRY_VOID(MakeFolders(tree, path.substr(0, slash)));
  const std::string number = std::to_string(entry.file);
  if (::renameat(from, number.c_str(), tree, path.c_str()) != 0) return Fail(Error::FromErrno("move " + path, errno));
  const UniqueFd file(::openat(tree, path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status{};
  if (!file || ::fstat(file.get(), &status) != 0) return Fail(Error::FromErrno("open " + path, errno));
  if (!S_ISREG(status.st_mode) || status.st_nlink != 1) return Fail(Error::Fault(path + " is no file of its own"));
  if (::fchown(file.get(), ::geteuid(), ::getegid()) != 0) return Fail(Error::FromErrno("chown " + path, errno));
  if (::fchmod(file.get(), (entry.mode & 0111) != 0 ? 0755 : 0644) != 0) return Fail(Error::FromErrno("chmod " + path, errno));
  return {};
}

Result<images::Layer> ReadList(int folder) {
  const UniqueFd file(::openat(folder, kListName, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status{};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_size > kListBytesMax) return Fail(Error::Fault("the package's list is not there"));
  std::string text(static_cast<size_t>(status.st_size), '\0');
  for (size_t at = 0; at < text.size();) {
    const ssize_t count = ::read(file.get(), text.data() + at, text.size() - at);
    if (count <= 0) return Fail(Error::FromErrno("read the package's list", count < 0 ? errno : EIO));
    at += static_cast<size_t>(count);
  }
  return images::ReadLayer(text);
}

}  // namespace

Result<> UnpackNpmPackage(UniqueFd package, const std::string& folder, const PackageTreeLimits& limits) {
  images::FileBytes bytes(std::move(package));
  MF_TRY(const images::Layer layer, images::UnpackLayer(bytes, folder, {.bytes_max = limits.bytes_max, .entries_max = limits.entries_max}));
  if (layer.entries.empty()) return Fail(Error::Fault("the package is empty, or no archive"));
  for (const LayerEntry& entry : layer.entries) MF_TRY_VOID(CheckEntry(entry));
  return WriteFileDurably(fmt::format("{}/{}", folder, kListName), images::WriteLayer(layer), 0644);
}

Result<> LayPackageTree(const std::string& folder, const std::string& tree) {
  const UniqueFd from(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!from) return Fail(Error::FromErrno("open " + folder, errno));
  MF_TRY(const images::Layer layer, ReadList(from.get()));
  if (::mkdir(tree.c_str(), 0755) != 0) return Fail(Error::FromErrno("make " + tree, errno));
  const UniqueFd to(::open(tree.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!to || ::fchmod(to.get(), 0755) != 0) return Fail(Error::FromErrno("open " + tree, errno));
  for (const LayerEntry& entry : layer.entries) {
    MF_TRY_VOID(CheckEntry(entry));
    const std::string path = *BelowTop(entry.path);
    if (path.empty() || (path + '/').starts_with(kLeftOut)) continue;
    if (entry.kind == LayerEntry::Kind::Directory) MF_TRY_VOID(MakeFolders(to.get(), path));
    else MF_TRY_VOID(MoveFile(from.get(), entry, to.get(), path));
  }
  if (::syncfs(to.get()) != 0) return Fail(Error::FromErrno("sync " + tree, errno));
  return {};
}

}  // namespace mayfly::cli
