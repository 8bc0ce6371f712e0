// Feeds bytes to the reader of layers, twice over, and lays what comes out over itself. Whatever the bytes say: files have numbers,
// paths stay inside, the list survives being stored.
#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "images/image_tree.h"
#include "images/image_layer.h"
#include "store/test_directory.h"

namespace {

using namespace mayfly;
using namespace mayfly::images;

class FuzzBytes final : public ByteSource {
 public:
  explicit FuzzBytes(std::string_view text) : text_(text) {}
  Result<std::string_view> Read() override { return std::exchange(text_, {}); }

 private:
  std::string_view text_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const store::TestDirectory folder;
  const std::string files = folder / "files", root = folder / "root";
  std::filesystem::remove_all(files);
  std::filesystem::remove_all(root);
  ::mkdir(files.c_str(), 0755);
  ::mkdir(root.c_str(), 0755);
  FuzzBytes source({reinterpret_cast<const char*>(data), size});
  auto layer = UnpackLayer(source, files, {.bytes_max = 1 << 20, .entries_max = 1000});
  if (!layer) return 0;
  MF_ASSERT(layer->bytes <= 1 << 20 && layer->entries.size() <= 1000);
  for (const LayerEntry& entry : layer->entries) {
    const std::string path = "/" + entry.path + "/";
    MF_ASSERT(path.find("/../") == std::string::npos && entry.path.find('\0') == std::string::npos && entry.mode <= 0777);
  }
  auto stored = ReadLayer(WriteLayer(*layer));
  MF_ASSERT(stored && stored->entries == layer->entries);
  ImageTree tree;
  if (!tree.Cover(layer->entries) || !tree.Cover(layer->entries)) return 0;
  tree.AddPlaces();
  (void)tree.Extensions();
  (void)tree.Write(root, {files, files});
  return 0;
}
