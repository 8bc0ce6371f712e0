#include "packages/layer_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>

#include "base/fd.h"
#include "base/files.h"

namespace mayfly::packages {
namespace {

using Kind = PackageTree::Kind;

// As in package_writer.cc: beyond, one syncfs is cheaper.
constexpr size_t kSingleSyncsMax = 64;

// Calls visit(path below root, kind, size) for everything below `root`, parents first. Follows no links.
template <typename Visit>
Result<> Walk(const std::string& root, Visit visit) {
  std::vector<std::string> folders = {""};
  while (!folders.empty()) {
    const std::string below = std::move(folders.back());
    folders.pop_back();
    const std::string folder = root + below;
    UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(fd ? ::fdopendir(fd.get()) : nullptr, [](DIR* open) { return open ? ::closedir(open) : 0; });
    if (!stream) return Fail(Error::FromErrno("open " + folder, errno));
    fd.Release();  // it is the stream's
    errno = 0;
    while (const dirent* entry = ::readdir(stream.get())) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      struct stat status{};
      const int failed = ::fstatat(::dirfd(stream.get()), entry->d_name, &status, AT_SYMLINK_NOFOLLOW);
      if (failed) return Fail(Error::FromErrno("stat " + folder + '/' + name, errno));
      const Kind kind = S_ISDIR(status.st_mode) ? Kind::Directory : S_ISLNK(status.st_mode) ? Kind::Symlink : Kind::File;
      const std::string path = below + '/' + name;
      visit(path.substr(1), kind, static_cast<uint64_t>(status.st_size));
      if (kind == Kind::Directory) folders.push_back(path);
      errno = 0;
    }
    if (errno != 0) return Fail(Error::FromErrno("readdir " + folder, errno));
  }
  return {};
}

Result<> MakeDirectory(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) != 0) return Fail(Error::FromErrno("mkdir " + path, errno));
  if (::chmod(path.c_str(), 0755) != 0) return Fail(Error::FromErrno("chmod " + path, errno));  // whatever the umask
  return {};
}

Result<> CopyLink(const std::string& from, const std::string& to) {
  char target[PATH_MAX];
  const ssize_t size = ::readlink(from.c_str(), target, sizeof target - 1);
  if (size < 0) return Fail(Error::FromErrno("readlink " + from, errno));
  target[size] = '\0';
  if (::symlink(target, to.c_str()) != 0) return Fail(Error::FromErrno("symlink " + to, errno));
  return {};
}

// A copy where the file has as many links as the disk allows, or the disk knows none.
Result<> LinkOrCopy(const std::string& from, const std::string& to, bool& copied) {
  if (::linkat(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), 0) == 0) return {};
  if (errno != EMLINK && errno != EPERM && errno != EXDEV && errno != EOPNOTSUPP) return Fail(Error::FromErrno("link " + to, errno));
  copied = true;
  std::error_code error;
  std::filesystem::copy_file(from, to, error);
  if (!error) std::filesystem::last_write_time(to, std::filesystem::last_write_time(from, error), error);
  if (error) return Fail(Error::FromErrno("copy " + from, error.value()));
  return {};
}

Result<> SyncAll(const std::string& root) {
  const UniqueFd fd(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::syncfs(fd.get()) != 0) return Fail(Error::FromErrno("syncfs " + root, errno));
  return {};
}

}  // namespace

void LayerTree::Place(const std::string& path, Node node) {
  const auto [found, is_new] = nodes_.try_emplace(path, node);
  if (is_new) return;
  if (found->second.kind == Kind::Directory) {
    if (node.kind == Kind::Directory) return;
    const std::string below = path + '/';
    auto covered = nodes_.lower_bound(below);
    while (covered != nodes_.end() && covered->first.starts_with(below)) covered = nodes_.erase(covered);
  }
  found->second = node;
}

Result<> LayerTree::Cover(const std::string& root) {
  const size_t layer = roots_.size();
  MF_ASSERT(!root.empty());
  roots_.push_back(root);
  return Walk(root, [&](const std::string& path, Kind kind, uint64_t) { Place(path, {kind, layer}); });
}

Result<> LayerTree::Write(const std::string& root) const {
  bool copied = false;
  for (const auto& [path, node] : nodes_) {
    MF_ASSERT(node.layer < roots_.size() && !path.empty());
    const std::string from = roots_[node.layer] + '/' + path;
    const std::string to = root + '/' + path;
    switch (node.kind) {
      case Kind::Directory: MF_TRY_VOID(MakeDirectory(to)); break;
      case Kind::Symlink: MF_TRY_VOID(CopyLink(from, to)); break;
      case Kind::File: MF_TRY_VOID(LinkOrCopy(from, to, copied)); break;
    }
  }
  if (copied || nodes_.size() > kSingleSyncsMax) return SyncAll(root);
  for (const auto& [path, node] : nodes_) {
    if (node.kind == Kind::Directory) MF_TRY_VOID(SyncDirectory(root + '/' + path));
  }
  return SyncDirectory(root);
}

Result<uint64_t> FileBytesBelow(const std::string& root) {
  uint64_t bytes = 0;
  MF_TRY_VOID(Walk(root, [&](const std::string&, Kind kind, uint64_t size) { bytes += kind == Kind::File ? size : 0; }));
  return bytes;
}

}  // namespace mayfly::packages
