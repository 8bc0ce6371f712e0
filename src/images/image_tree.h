// ImageTree: what the layers of an image make together.
//
// Layers are laid over each other in memory, entry by entry, as container tools do on disk: a later entry takes the place of
// an earlier one, folders are joined, whiteouts take away what layers below have, a parent that is a symbolic link is
// followed, and never leads out of the tree. Then the whole is written at once as hard links to the layers' files: folders before
// what is in them, each opened without following anything, so that no link of the image is ever followed on disk.
//
// Pure but for Write; one thread per tree.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "images/image_layer.h"

namespace mayfly::images {

class ImageTree {
 public:
  ImageTree();
  ~ImageTree();
  ImageTree(const ImageTree&) = delete;
  ImageTree& operator=(const ImageTree&) = delete;

  // Lays the next layer over what is there. Errors: kInvalid (a parent that is a file, a hard link to nothing, loops, depth).
  Result<> Cover(const std::vector<LayerEntry>& entries);
  // Makes the folders and files that the jail covers with its own: real ones, whatever the image has there. `more`: further
  // folders, each behind those that it is in.
  void AddPlaces(const std::vector<std::string>& more = {});
  // The files of /opt/extensions, sorted; at most 11, for more than 10 is an error of the function.
  std::vector<std::string> Extensions();

  // Makes everything below `root`, an existing and empty folder. `files`: the folder of each layer's files. Errors: Fault (disk).
  Result<> Write(const std::string& root, const std::vector<std::string>& files) const;

  // One line per node, sorted, for tests: "d 755 a", "f 644 a/b LAYER:FILE", "l a/c -> target".
  std::string Describe() const;

 private:
  struct Node;
  struct Writer;

  enum class Missing : unsigned char { Make, Stop };
  // Stop: null when nothing is there.
  Result<Node*> Walk(std::string_view path, Missing missing);
  Result<> Place(const LayerEntry& entry);
  Node* Settle(Node& folder, std::string name, const LayerEntry& entry);
  static bool RemoveLower(Node& node, size_t layer);

  std::unique_ptr<Node> root_;
  size_t layer_ = 0;
  size_t layers_ = 0;
  size_t nodes_ = 0;
  size_t link_steps_ = 0;  // of all lookups together
};

}  // namespace mayfly::images
