#include "images/image_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>

#include <fmt/format.h>

#include "base/fd.h"
#include "images/image_error.h"

namespace mayfly::images {

using Kind = LayerEntry::Kind;

namespace {

constexpr size_t kDepthMax = 512;
constexpr size_t kLinkStepsMax = 4'000'000;
constexpr size_t kLinksPerLookupMax = 40;  // as the kernel has it
constexpr size_t kNodesMax = 2'000'000;
constexpr size_t kExtensionsMax = 11;
constexpr size_t kNameBytesMax = 255;
constexpr uint64_t kEmptyFile = UINT64_MAX;
constexpr std::string_view kFolders[] = {"proc", "dev", "tmp", "mnt", "etc"};
constexpr std::string_view kFiles[] = {"etc/resolv.conf", "etc/hosts"};

void PushParts(std::string_view path, std::deque<std::string>& parts) {
  std::vector<std::string> split;
  while (!path.empty()) {
    const size_t slash = path.find('/');
    if (slash != 0) split.emplace_back(path.substr(0, slash));
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  }
  parts.insert(parts.begin(), std::make_move_iterator(split.begin()), std::make_move_iterator(split.end()));
}

}  // namespace

struct ImageTree::Node {
  Kind kind = Kind::Directory;  // Directory, File or Symlink
  unsigned mode = 0755;
  size_t layer = 0;       // who placed it
  size_t file_layer = 0;  // File: whose file it is
  uint64_t file = 0;
  std::string target;
  std::map<std::string, std::unique_ptr<Node>, std::less<>> children;
};

ImageTree::ImageTree() : root_(std::make_unique<Node>()) {}
ImageTree::~ImageTree() = default;

// Walks along folders and links; the last part itself is not followed. The stack is where ".." leads back to, never out of the tree.
Result<ImageTree::Node*> ImageTree::Walk(std::string_view path, Missing missing) {
  std::deque<std::string> parts;
  PushParts(path, parts);
  std::vector<Node*> stack = {root_.get()};
  size_t links = 0;
  while (!parts.empty()) {
    const std::string part = std::move(parts.front());
    parts.pop_front();
    if (part == ".") continue;
    if (part == "..") {
      if (stack.size() > 1) stack.pop_back();
      continue;
    }
    auto& children = stack.back()->children;
    auto found = children.find(part);
    if (found == children.end()) {
      if (missing == Missing::Stop) return nullptr;
      // Of a path's own parts the layer has seen to it; a link's target may say anything.
      if (part.size() > kNameBytesMax) return Fail(Invalid("a link through a name that is too long"));
      if (++nodes_ > kNodesMax) return Fail(Invalid("more files and folders than an image may have"));
      found = children.emplace(part, std::make_unique<Node>()).first;
      found->second->layer = layer_;
    }
    Node* child = found->second.get();
    if (parts.empty()) return child;
    if (child->kind == Kind::Symlink) {
      if (++links > kLinksPerLookupMax || (link_steps_ += 1 + child->target.size()) > kLinkStepsMax) return Fail(Invalid("links that lead round and round"));
      if (child->target.starts_with('/')) stack.resize(1);
      PushParts(child->target, parts);
      continue;
    }
    if (child->kind != Kind::Directory) {
      if (missing == Missing::Stop) return nullptr;
      return Fail(Invalid(fmt::format("'{}' is a file and has something in it", part)));
    }
    stack.push_back(child);
    if (stack.size() > kDepthMax) return Fail(Invalid("folders nested too deep"));
  }
  return stack.back();
}

// What `layer` itself has placed stays, and so do the folders that lead to it. true: nothing is left of the node.
bool ImageTree::RemoveLower(Node& node, size_t layer) {
  std::erase_if(node.children, [layer](auto& child) { return RemoveLower(*child.second, layer); });
  return node.layer != layer && node.children.empty();
}

ImageTree::Node* ImageTree::Settle(Node& folder, std::string name, const LayerEntry& entry) {
  auto& node = folder.children[std::move(name)];
  const bool joins = node && node->kind == Kind::Directory && entry.kind == Kind::Directory;
  if (!joins) {
    node = std::make_unique<Node>();
    ++nodes_;
  }
  node->kind = entry.kind;
  node->mode = entry.mode;
  node->layer = layer_;
  node->file_layer = layer_;
  node->file = entry.file;
  node->target = entry.target;
  return node.get();
}

Result<> ImageTree::Place(const LayerEntry& entry) {
  if (entry.path.empty()) {  // the root itself: everybody may enter it, whatever the image says
    if (entry.kind == Kind::Opaque) std::erase_if(root_->children, [this](auto& child) { return RemoveLower(*child.second, layer_); });
    return {};
  }
  const size_t slash = entry.path.rfind('/');
  const std::string_view parent = slash == std::string::npos ? std::string_view() : std::string_view(entry.path).substr(0, slash);
  const std::string name = entry.path.substr(slash == std::string::npos ? 0 : slash + 1);
  if (entry.kind == Kind::Whiteout || entry.kind == Kind::Opaque) {
    MF_TRY(Node* within, Walk(fmt::format("{}/.", parent), Missing::Stop));
    const auto found = within ? within->children.find(name) : root_->children.end();
    if (!within || found == within->children.end()) return {};  // nothing to take away
    if (entry.kind == Kind::Opaque) std::erase_if(found->second->children, [this](auto& child) { return RemoveLower(*child.second, layer_); });
    else if (RemoveLower(*found->second, layer_)) within->children.erase(found);
    return {};
  }
  MF_TRY(Node* folder, Walk(fmt::format("{}/.", parent), Missing::Make));
  if (nodes_ > kNodesMax) return Fail(Invalid("more files and folders than an image may have"));
  if (entry.kind != Kind::HardLink) {
    Settle(*folder, name, entry);
    return {};
  }
  MF_TRY(const Node* original, Walk(entry.target, Missing::Stop));
  if (!original || original->kind == Kind::Directory) return Fail(Invalid("a hard link to what is not there"));
  const Node copied{.kind = original->kind, .mode = original->mode, .layer = layer_, .file_layer = original->file_layer, .file = original->file,
                    .target = original->target, .children = {}};
  Node* made = Settle(*folder, name, {.kind = copied.kind, .mode = copied.mode, .file = copied.file, .path = {}, .target = copied.target});
  made->file_layer = copied.file_layer;
  return {};
}

Result<> ImageTree::Cover(const std::vector<LayerEntry>& entries) {
  layer_ = layers_++;
  for (const LayerEntry& entry : entries) MF_TRY_VOID(Place(entry));
  return {};
}

void ImageTree::AddPlaces(const std::vector<std::string>& more) {
  layer_ = layers_;
  const auto ensure = [this](std::string_view path, Kind kind, unsigned mode, uint64_t file) {
    const size_t slash = path.rfind('/');
    Node& folder = slash == std::string_view::npos ? *root_ : *root_->children[std::string(path.substr(0, slash))];
    auto& node = folder.children[std::string(path.substr(slash == std::string_view::npos ? 0 : slash + 1))];
    if (node && node->kind == kind) return;
    node = std::make_unique<Node>();
    node->kind = kind;
    node->mode = mode;
    node->file = file;
  };
  for (const std::string_view folder : kFolders) ensure(folder, Kind::Directory, 0755, 0);
  for (const std::string& folder : more) ensure(folder, Kind::Directory, 0755, 0);
  for (const std::string_view file : kFiles) ensure(file, Kind::File, 0644, kEmptyFile);
}

std::vector<std::string> ImageTree::Extensions() {
  std::vector<std::string> names;
  const auto off = Walk("opt/disable-extensions-jwigqn8j", Missing::Stop), folder = Walk("opt/extensions/.", Missing::Stop);
  if ((off && *off) || !folder || !*folder) return names;
  for (const auto& [name, node] : (*folder)->children) {
    if (node->kind != Kind::Directory && names.size() < kExtensionsMax) names.push_back(name);
  }
  return names;
}

struct ImageTree::Writer {
  std::vector<UniqueFd> layers;

  Result<> WriteFolder(const Node& folder, int at) const {
    for (const auto& [name, node] : folder.children) MF_TRY_VOID(WriteNode(*node, at, name));
    // The daemon has to be able to take it away again.
    if (::fchmod(at, folder.mode | 0700) != 0) return Fail(Error::FromErrno("make a folder of an image", errno));
    return {};
  }

  Result<> WriteNode(const Node& node, int at, const std::string& name) const {
    if (node.kind == Kind::Symlink) {
      if (::symlinkat(node.target.c_str(), at, name.c_str()) != 0) return Fail(Error::FromErrno("make a link of an image", errno));
      return {};
    }
    if (node.kind == Kind::File) {
      if (node.file == kEmptyFile) {
        const UniqueFd file(::openat(at, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
        if (!file) return Fail(Error::FromErrno("make a file of an image", errno));
        return {};
      }
      if (::linkat(layers[node.file_layer].get(), std::to_string(node.file).c_str(), at, name.c_str(), 0) != 0) {
        return Fail(Error::FromErrno("link a file of a layer", errno));
      }
      return {};
    }
    if (::mkdirat(at, name.c_str(), 0755) != 0) return Fail(Error::FromErrno("make a folder of an image", errno));
    const UniqueFd folder(::openat(at, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder) return Fail(Error::FromErrno("open a folder of an image", errno));
    return WriteFolder(node, folder.get());
  }
};

Result<> ImageTree::Write(const std::string& root, const std::vector<std::string>& files) const {
  Writer writer;
  MF_ASSERT(files.size() == layers_);
  for (const std::string& folder : files) {
    writer.layers.emplace_back(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!writer.layers.back()) return Fail(Error::FromErrno("open a layer", errno));
  }
  const UniqueFd top(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!top) return Fail(Error::FromErrno("open " + root, errno));
  return writer.WriteFolder(*root_, top.get());
}

std::string ImageTree::Describe() const {
  std::string text;
  const auto describe = [&text](const auto& self, const Node& folder, const std::string& prefix) -> void {
    for (const auto& [name, node] : folder.children) {
      const std::string path = prefix + name;
      switch (node->kind) {
        case Kind::Symlink: text += fmt::format("l {} -> {}\n", path, node->target); break;
        case Kind::File: text += fmt::format("f {:o} {} {}:{}\n", node->mode, path, node->file_layer, node->file); break;
        default: text += fmt::format("d {:o} {}\n", node->mode, path); self(self, *node, path + '/'); break;
      }
    }
  };
  describe(describe, *root_, "");
  return text;
}

}  // namespace mayfly::images
