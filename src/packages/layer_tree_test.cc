// If these fail, layers come in the wrong order, a layer writes outside of its tree, or a function loses its layers.
#include "packages/layer_tree.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <thread>

#include "base/files.h"
#include "packages/code_package.h"
#include "packages/zip_test_builder.h"

namespace mayfly::packages {
namespace {

namespace fs = std::filesystem;
constexpr uint32_t kLinkMode = 0120777;

class LayerTrees : public testing::Test {
 protected:
  LayerTrees() {
    char name[] = "/tmp/mayfly_layers_XXXXXX";
    folder_ = ::mkdtemp(name);
    store_ = std::move(*CodeStore::Open(folder_ + "/code"));
  }
  ~LayerTrees() override { fs::remove_all(folder_); }

  std::string Put(const std::vector<ZipItem>& items) {
    auto package = store_->Put(MakeZip(items));
    EXPECT_TRUE(package) << package.error().ToString();
    return package ? package->sha256_hex : "";
  }
  CodeStore::Tree Merge(const std::vector<std::string>& packages) {
    auto tree = store_->MergeLayers(packages);
    EXPECT_TRUE(tree) << tree.error().ToString();
    return tree ? *tree : CodeStore::Tree{};
  }
  std::string MergedRoot(const std::vector<std::string>& packages) { return store_->DirectoryOf(Merge(packages).sha256_hex); }
  size_t Folders() const { return static_cast<size_t>(std::distance(fs::directory_iterator(folder_ + "/code"), {})); }

  std::string folder_;
  std::unique_ptr<CodeStore> store_;
};

TEST_F(LayerTrees, LaterLayersCoverEarlierOnes) {
  const std::string a = Put({{"python/shared.py", "a"}, {"python/only_a.py", "a"}, {"bin/tool", "a", 0100755}});
  const std::string b = Put({{"python/shared.py", "b"}, {"python/deep/only_b.py", "b"}});
  const std::string c = Put({{"python/shared.py", "c"}, {"lib/only_c", "c"}});
  const std::string root = MergedRoot({a, b, c});
  EXPECT_EQ(*ReadFile(root + "/python/shared.py"), "c");
  EXPECT_EQ(*ReadFile(root + "/python/only_a.py"), "a");
  EXPECT_EQ(*ReadFile(root + "/python/deep/only_b.py"), "b");
  EXPECT_EQ(*ReadFile(root + "/lib/only_c"), "c");
  EXPECT_EQ(*ReadFile(MergedRoot({c, b, a}) + "/python/shared.py"), "a");
  EXPECT_EQ(*ReadFile(store_->DirectoryOf(a) + "/python/shared.py"), "a");  // the layers themselves stay as they are
  struct stat status{};
  ASSERT_EQ(::stat((root + "/bin/tool").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0755u);
  EXPECT_EQ(status.st_mtime, 1769817600);
  ASSERT_EQ(::stat((root + "/python").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0755u);
}

TEST_F(LayerTrees, AnotherKindTakesThePlace) {
  const std::string folder = Put({{"x/a", "1"}, {"x/b/c", "2"}, {"x-y", "3"}, {"x0", "4"}});
  const std::string file = Put({{"x", "file"}});
  const std::string root = MergedRoot({folder, file});
  EXPECT_EQ(*ReadFile(root + "/x"), "file");
  EXPECT_EQ(*ReadFile(root + "/x-y"), "3");  // a neighbour in the order of names, not below x
  EXPECT_EQ(*ReadFile(root + "/x0"), "4");
  const std::string back = MergedRoot({file, folder});
  EXPECT_EQ(*ReadFile(back + "/x/b/c"), "2");
  const std::string third = MergedRoot({folder, file, Put({{"x/new", "5"}})});
  EXPECT_EQ(*ReadFile(third + "/x/new"), "5");
  EXPECT_FALSE(fs::exists(third + "/x/a"));  // the file in between has covered it
}

TEST_F(LayerTrees, LinksAreNeverFollowed) {
  // The first layer's link stands where the second has a folder, and the other way round.
  const std::string links = Put({{"real/keep", "real"}, {"python", "real", kLinkMode}, {"self", ".", kLinkMode}});
  const std::string folders = Put({{"python/module.py", "module"}, {"self/file", "file"}, {"data/file", "data"}});
  const std::string root = MergedRoot({links, folders});
  EXPECT_FALSE(fs::is_symlink(root + "/python"));
  EXPECT_EQ(*ReadFile(root + "/python/module.py"), "module");
  EXPECT_FALSE(fs::exists(root + "/real/module.py"));
  EXPECT_EQ(*ReadFile(root + "/self/file"), "file");
  EXPECT_FALSE(fs::exists(store_->DirectoryOf(links) + "/real/module.py"));
  const std::string other = MergedRoot({folders, links});
  EXPECT_TRUE(fs::is_symlink(other + "/python"));
  EXPECT_EQ(fs::read_symlink(other + "/python"), "real");
  EXPECT_FALSE(fs::exists(other + "/real/module.py"));
  // A link that is harmless in its own layer and leads out of the tree after another has covered a folder: a name, no more.
  const std::string out = MergedRoot({Put({{"d/", "", 0040755}, {"out", "d/../code", kLinkMode}}), Put({{"d", ".", kLinkMode}})});
  EXPECT_EQ(fs::read_symlink(out + "/out"), "d/../code");
  EXPECT_TRUE(fs::is_symlink(out + "/d"));
  const std::string covered =
      MergedRoot({Put({{"d/", "", 0040755}, {"out", "d/../code", kLinkMode}}), Put({{"d", ".", kLinkMode}}), Put({{"out/file", "x"}})});
  EXPECT_EQ(*ReadFile(covered + "/out/file"), "x");
  EXPECT_FALSE(fs::exists(folder_ + "/code/file"));
  EXPECT_FALSE(fs::exists(covered + "/../code"));
}

TEST_F(LayerTrees, TheNameIsThatOfTheOrderedList) {
  const std::string a = Put({{"a", "1"}});
  const std::string b = Put({{"b", "2"}});
  const CodeStore::Tree tree = Merge({a, b});
  EXPECT_EQ(tree.sha256_hex.size(), 64u);
  EXPECT_EQ(Merge({a, b}).sha256_hex, tree.sha256_hex);
  EXPECT_NE(Merge({b, a}).sha256_hex, tree.sha256_hex);
  EXPECT_EQ(Merge({a}).sha256_hex, a);
  EXPECT_EQ(Folders(), 4u);
  EXPECT_FALSE(store_->MergeLayers({a, std::string(64, 'f')}));
  EXPECT_FALSE(store_->MergeLayers({a, "../x"}));
}

TEST_F(LayerTrees, LivesAsLongAsItIsHeldAndOutlivesItsLayers) {
  const std::string a = Put({{"a", "1"}});
  const std::string b = Put({{"b", "2"}});
  CodeStore::Tree tree = Merge({a, b});
  EXPECT_EQ(*store_->Delete(tree.sha256_hex), CodeStore::Deletion::Pinned);
  EXPECT_EQ(*store_->Delete(a), CodeStore::Deletion::Done);
  EXPECT_EQ(*store_->Delete(b), CodeStore::Deletion::Done);
  EXPECT_EQ(*ReadFile(store_->DirectoryOf(tree.sha256_hex) + "/a"), "1");
  EXPECT_EQ(store_->ZipPathOf(tree.sha256_hex), "");
  EXPECT_EQ(*store_->List(), std::vector<std::string>{tree.sha256_hex});
  tree.pin.reset();
  EXPECT_EQ(*store_->Delete(tree.sha256_hex), CodeStore::Deletion::Done);
  EXPECT_EQ(Folders(), 0u);
}

TEST_F(LayerTrees, ManyFilesAndThreads) {
  std::vector<ZipItem> items, more;
  for (int i = 0; i < 300; ++i) {
    items.push_back({"d" + std::to_string(i % 20) + "/f" + std::to_string(i), "first"});
    if (i % 3 == 0) more.push_back({"d" + std::to_string(i % 20) + "/f" + std::to_string(i), "second"});
  }
  const std::string a = Put(items);
  const std::string b = Put(more);
  std::vector<std::thread> threads;
  std::atomic<int> merged = 0;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { merged += store_->MergeLayers({a, b}).has_value() ? 1 : 0; });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(merged, 8);
  EXPECT_EQ(Folders(), 3u);
  const std::string root = MergedRoot({a, b});
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(*ReadFile(root + "/d" + std::to_string(i % 20) + "/f" + std::to_string(i)), i % 3 == 0 ? "second" : "first");
  }
}

TEST_F(LayerTrees, CountsUnpackedBytes) {
  const std::string a = Put({{"a", std::string(1000, 'x'), 0100644, 3, true}, {"d/b", std::string(24, 'y')}, {"l", "a", kLinkMode}});
  EXPECT_EQ(*store_->UnpackedBytesOf(a), 1024u);
  EXPECT_FALSE(store_->UnpackedBytesOf("nothing"));
}

}  // namespace
}  // namespace mayfly::packages
