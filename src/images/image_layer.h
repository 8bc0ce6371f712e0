// One layer of an image, unpacked once: a folder of files named by numbers, and a list of what the layer says.
//
// No name of a stranger ever becomes a path here: the files of a layer are called 0, 1, 2 …, and its folders, links and
// whiteouts exist only in the list. What several layers make together is decided in memory (image_tree.h) and written as hard
// links to these files.
//
// Files keep the permission bits that the image gives them, for the function is an "other" user as on AWS; setuid, setgid and
// sticky bits, owners, capabilities and other extended attributes vanish; devices, pipes and sockets are left out.
//
// Blocks; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "images/byte_source.h"

namespace mayfly::images {

struct LayerEntry {
  enum class Kind : char {
    Directory = 'd',
    File = 'f',
    Symlink = 'l',
    HardLink = 'h',
    Whiteout = 'w',  // takes `path` away from the layers below
    Opaque = 'o',    // takes away what the layers below have in the folder `path`
  };
  Kind kind = Kind::File;
  unsigned mode = 0;     // permission bits
  uint64_t file = 0;     // File: its number
  std::string path;      // "a/b/c"; "" is the root
  std::string target;    // of links; of a HardLink a path as above

  bool operator==(const LayerEntry&) const = default;
};

struct LayerLimits {
  uint64_t bytes_max = 0;  // of all files together
  size_t entries_max = 1'000'000;
};

struct Layer {
  std::vector<LayerEntry> entries;  // in the order of the tar file
  uint64_t bytes = 0;
  std::string diff_id;  // digest of the tar file that was read
};

// "/a/./b//" → "a/b". Error: kInvalid for "..", control characters, and what is too long.
Result<std::string> CleanLayerPath(std::string_view path);

// Reads a layer's tar file, which may be compressed, to its end; writes its files into `folder`. Errors: kInvalid; Fault (disk).
Result<Layer> UnpackLayer(ByteSource& source, const std::string& folder, const LayerLimits& limits);

// The list as a file of ours; `diff_id` is no part of it.
std::string WriteLayer(const Layer& layer);
// Error: Fault.
Result<Layer> ReadLayer(std::string_view text);

}  // namespace mayfly::images
