#include "packages/package_tree.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/encoding.h"

namespace mayfly::packages {
namespace {

constexpr int kHopsMax = 40;  // as the kernel's

Error Bad(std::string_view what, std::string_view path) {
  return Error::Fault(fmt::format("package: {}: {:?}", what, path.substr(0, 200)));
}

// Takes the first component off `rest`; "" at the end.
std::string_view TakeComponent(std::string_view& rest) {
  const size_t begin = rest.find_first_not_of('/');
  if (begin == std::string_view::npos) {
    rest = {};
    return {};
  }
  const size_t end = std::min(rest.find('/', begin), rest.size());
  const std::string_view component = rest.substr(begin, end - begin);
  rest.remove_prefix(end);
  return component;
}

std::string ParentOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

}  // namespace

Result<std::string> NormalizePackagePath(std::string_view name, const PackageLimits& limits) {
  if (name.starts_with('/')) return Fail(Bad("an absolute path", name));
  if (name.size() > limits.path_bytes_max) return Fail(Bad("a path that is too long", name));
  if (!IsValidUtf8(name)) return Fail(Bad("a name that is not UTF-8", "?"));
  const bool control = std::any_of(name.begin(), name.end(), [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; });
  if (control) return Fail(Bad("a name with control characters", name));
  std::string path;
  for (std::string_view component = TakeComponent(name); !component.empty(); component = TakeComponent(name)) {
    if (component == ".") continue;
    if (component == "..") return Fail(Bad("a path that goes up", component));
    if (component.size() > limits.name_bytes_max) return Fail(Bad("a name that is too long", component));
    if (!path.empty()) path.push_back('/');
    path.append(component);
  }
  return path;
}

Result<> PackageTree::AddNode(const std::string& path, Kind kind) {
  MF_ASSERT(!path.empty() && path.front() != '/' && path.back() != '/');
  if (nodes_.size() >= limits_.entries_max) return Fail(Bad("too many entries", path));
  nodes_.emplace(path, kind);
  return {};
}

Result<> PackageTree::AddParents(const std::string& path) {
  for (size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    MF_TRY_VOID(AddDirectory(path.substr(0, slash)));
  }
  return {};
}

Result<> PackageTree::AddDirectory(const std::string& path) {
  if (path.empty()) return {};  // the package's root
  if (const auto found = nodes_.find(path); found != nodes_.end()) {
    if (found->second == Kind::Directory) return {};
    return Fail(Bad("a directory that is also a file or link", path));
  }
  if (const std::string parent = ParentOf(path); !parent.empty() && !nodes_.contains(parent)) {
    MF_TRY_VOID(AddParents(path));
  } else if (!parent.empty() && nodes_.at(parent) != Kind::Directory) {
    return Fail(Bad("a path through a file or link", path));
  }
  return AddNode(path, Kind::Directory);
}

Result<> PackageTree::AddFile(const std::string& path) {
  if (path.empty()) return Fail(Bad("a file without a name", path));
  if (nodes_.contains(path)) return Fail(Bad("a name that comes twice", path));
  MF_TRY_VOID(AddDirectory(ParentOf(path)));
  return AddNode(path, Kind::File);
}

Result<> PackageTree::AddSymlink(const std::string& path, const std::string& target) {
  if (path.empty()) return Fail(Bad("a link without a name", path));
  if (nodes_.contains(path)) return Fail(Bad("a name that comes twice", path));
  if (symlinks_.size() >= limits_.symlinks_max) return Fail(Bad("too many links", path));
  if (target.empty() || target.size() > limits_.path_bytes_max || target.find('\0') != std::string::npos) {
    return Fail(Bad("a link with an impossible target", path));
  }
  MF_TRY_VOID(AddDirectory(ParentOf(path)));
  MF_TRY_VOID(AddNode(path, Kind::Symlink));
  MF_ASSERT(!symlinks_.contains(path));
  symlinks_.emplace(path, target);
  return {};
}

// Walks component by component from the link's directory; a link on the way puts its target before what is left.
Result<> PackageTree::Follow(std::string_view link, size_t& steps) const {
  std::string at = ParentOf(std::string(link));
  std::string rest = symlinks_.at(std::string(link));
  MF_ASSERT(!rest.empty());
  for (int hops = 1;;) {
    if (rest.starts_with('/')) return Fail(Bad("a link to an absolute path", link));
    std::string_view view = rest;
    const std::string component(TakeComponent(view));
    if (component.empty()) return {};
    if (++steps > limits_.resolve_steps_max) return Fail(Bad("links that take too long to follow", link));
    std::string left(view.substr(std::min(view.find_first_not_of('/'), view.size())));
    if (component == "..") {
      if (at.empty()) return Fail(Bad("a link out of the package", link));
      at = ParentOf(at);
    } else if (component != ".") {
      std::string next = at.empty() ? component : at + "/" + component;
      const auto target = symlinks_.find(next);
      if (target == symlinks_.end()) {
        at = std::move(next);
      } else {
        if (++hops > kHopsMax) return Fail(Bad("a link that leads in a circle", link));
        left = left.empty() ? target->second : target->second + "/" + left;
      }
    }
    rest = std::move(left);
  }
}

Result<> PackageTree::CheckSymlinks() const {
  size_t steps = 0;
  for (const auto& [path, target] : symlinks_) MF_TRY_VOID(Follow(path, steps));
  return {};
}

}  // namespace mayfly::packages
