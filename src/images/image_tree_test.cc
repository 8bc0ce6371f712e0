#include "images/image_tree.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "images/image_error.h"

namespace mayfly::images {
namespace {

using Kind = LayerEntry::Kind;

LayerEntry Folder(std::string path, unsigned mode = 0755) { return {.kind = Kind::Directory, .mode = mode, .path = std::move(path), .target = {}}; }
LayerEntry File(std::string path, uint64_t number, unsigned mode = 0644) {
  return {.kind = Kind::File, .mode = mode, .file = number, .path = std::move(path), .target = {}};
}
LayerEntry Symlink(std::string path, std::string target) { return {.kind = Kind::Symlink, .path = std::move(path), .target = std::move(target)}; }
LayerEntry HardLink(std::string path, std::string target) { return {.kind = Kind::HardLink, .path = std::move(path), .target = std::move(target)}; }
LayerEntry Whiteout(std::string path) { return {.kind = Kind::Whiteout, .path = std::move(path), .target = {}}; }
LayerEntry Opaque(std::string path) { return {.kind = Kind::Opaque, .path = std::move(path), .target = {}}; }

using Layers = std::vector<std::vector<LayerEntry>>;

std::string Lay(const Layers& layers) {
  ImageTree tree;
  for (const auto& layer : layers) {
    if (auto covered = tree.Cover(layer); !covered) return "error: " + covered.error().message;
  }
  return tree.Describe();
}

TEST(ImageTree, LaterLayersCoverEarlierOnes) {  // else an image is not what its layers make
  EXPECT_EQ(Lay({{File("a/b", 0), File("c", 1)}, {File("a/d", 0, 0755), File("c", 1, 0600)}}), "d 755 a\nf 644 a/b 0:0\nf 755 a/d 1:0\nf 600 c 1:1\n");
  EXPECT_EQ(Lay({{File("a", 0)}, {Folder("a", 0700), File("a/b", 0)}}), "d 700 a\nf 644 a/b 1:0\n") << "a folder takes a file's place";
  EXPECT_EQ(Lay({{Folder("a"), File("a/b", 0)}, {File("a", 0)}}), "f 644 a 1:0\n") << "a file takes a folder's place";
  EXPECT_EQ(Lay({{Folder("a", 0700), File("a/b", 0)}, {Folder("a", 0711)}}), "d 711 a\nf 644 a/b 0:0\n");
}

TEST(ImageTree, WhiteoutsHideWhatLiesBelow) {  // else deleted files come back
  EXPECT_EQ(Lay({{File("a/b", 0), File("a/c", 1)}, {Whiteout("a/b")}}), "d 755 a\nf 644 a/c 0:1\n");
  EXPECT_EQ(Lay({{File("a/b", 0)}, {Whiteout("a")}}), "");
  EXPECT_EQ(Lay({{File("a/b", 0)}, {Whiteout("a"), File("a/c", 0)}}), "d 755 a\nf 644 a/c 1:0\n");
  EXPECT_EQ(Lay({{File("a/b", 0)}, {File("a/c", 0), Whiteout("a")}}), "d 755 a\nf 644 a/c 1:0\n") << "whatever the order in the layer";
  EXPECT_EQ(Lay({{File("a/b", 0), File("a/c/d", 1)}, {File("a/c/e", 0), Opaque("a")}}), "d 755 a\nd 755 a/c\nf 644 a/c/e 1:0\n");
  EXPECT_EQ(Lay({{File("a", 0)}, {Opaque("")}}), "");
  EXPECT_EQ(Lay({{File("a", 0)}, {Whiteout("x/y"), Opaque("z"), Whiteout("a/b")}}), "f 644 a 0:0\n") << "of what is not there";
}

TEST(ImageTree, ParentsThatAreLinksAreFollowedInside) {  // else layers over /lib -> usr/lib destroy it, or lead out
  EXPECT_EQ(Lay({{Folder("usr/lib"), Symlink("lib", "usr/lib")}, {File("lib/x", 0)}}), "l lib -> usr/lib\nd 755 usr\nd 755 usr/lib\nf 644 usr/lib/x 1:0\n");
  EXPECT_EQ(Lay({{Symlink("a", "/../../etc")}, {File("a/passwd", 0)}}), "l a -> /../../etc\nd 755 etc\nf 644 etc/passwd 1:0\n");
  EXPECT_EQ(Lay({{Symlink("a", "../../../..")}, {File("a/b", 0)}}), "l a -> ../../../..\nf 644 b 1:0\n");
  EXPECT_EQ(Lay({{Symlink("a", "b"), Symlink("b", "a")}, {File("a/c", 0)}}), "error: links that lead round and round");
  EXPECT_EQ(Lay({{Symlink("a", "b/" + std::string(300, 'n'))}, {File("a/c", 0)}}), "error: a link through a name that is too long");
  EXPECT_EQ(Lay({{Folder("real"), File("real/x", 0), Symlink("a", "real")}, {Whiteout("a/x")}}), "l a -> real\nd 755 real\n");
  EXPECT_EQ(Lay({{Symlink("a", "b")}, {File("a", 0)}}), "f 644 a 1:0\n") << "the link itself is replaced, not followed";
}

TEST(ImageTree, HardLinksAreTheSameFile) {  // else they are copies, or lead to files of the machine
  EXPECT_EQ(Lay({{File("a", 7, 0755)}, {HardLink("b/c", "a")}}), "f 755 a 0:7\nd 755 b\nf 755 b/c 0:7\n");
  EXPECT_EQ(Lay({{Symlink("a", "x"), HardLink("b", "a")}}), "l a -> x\nl b -> x\n");
  EXPECT_EQ(Lay({{HardLink("b", "etc/shadow")}}), "error: a hard link to what is not there");
  EXPECT_EQ(Lay({{Folder("a"), HardLink("b", "a")}}), "error: a hard link to what is not there");
  EXPECT_EQ(Lay({{File("a", 1), HardLink("a", "a")}}), "f 644 a 0:1\n") << "to itself";
}

TEST(ImageTree, RefusesWhatHasNoSense) {
  EXPECT_EQ(Lay({{File("a", 0), File("a/b", 1)}}), "error: 'a' is a file and has something in it");
  std::string deep = "a";
  for (int i = 0; i < 600; ++i) deep += "/a";
  EXPECT_EQ(Lay({{File(deep, 0)}}), "error: folders nested too deep");
}

TEST(ImageTree, PlacesOfTheJailAreReal) {  // else a link of the image decides where the jail mounts
  ImageTree tree;
  ASSERT_TRUE(tree.Cover({Symlink("proc", "/etc"), Symlink("etc", "/tmp"), File("dev", 3), Folder("tmp", 0700), File("tmp/x", 1)}));
  tree.AddPlaces();
  EXPECT_EQ(tree.Describe().find("l "), std::string::npos) << tree.Describe();
  for (const char* line : {"d 755 proc\n", "d 755 dev\n", "d 755 etc\n", "d 755 mnt\n", "d 700 tmp\n"}) {
    EXPECT_NE(tree.Describe().find(line), std::string::npos) << line;
  }
}

TEST(ImageTree, Extensions) {
  ImageTree tree;
  ASSERT_TRUE(tree.Cover({File("real/b", 0, 0755), File("real/a", 1, 0755), Folder("real/c"), Symlink("opt", "/elsewhere"), Symlink("elsewhere/extensions", "../real")}));
  EXPECT_EQ(tree.Extensions(), (std::vector<std::string>{"a", "b"}));
  ASSERT_TRUE(tree.Cover({File("opt/disable-extensions-jwigqn8j", 0)}));
  EXPECT_TRUE(tree.Extensions().empty());
}

TEST(ImageTree, IsWrittenAsHardLinksAndNeverThroughLinks) {
  char folder[] = "/tmp/mayfly-tree-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  const std::string top = folder;
  std::filesystem::create_directories(top + "/files");
  std::filesystem::create_directories(top + "/made");
  std::ofstream(top + "/files/0") << "content";
  ::chmod((top + "/files/0").c_str(), 0644);
  ImageTree tree;
  ASSERT_TRUE(tree.Cover({File("a/b", 0), HardLink("a/c", "a/b"), Symlink("out", top), File("out/x", 0), Folder("closed", 0)}));
  auto written = tree.Write(top + "/made", {top + "/files"});
  ASSERT_TRUE(written) << written.error().message;
  struct stat file{}, link{}, closed{};
  ASSERT_EQ(::lstat((top + "/files/0").c_str(), &file), 0);
  ASSERT_EQ(::lstat((top + "/made/a/c").c_str(), &link), 0);
  EXPECT_EQ(file.st_ino, link.st_ino);
  EXPECT_FALSE(std::filesystem::exists(top + "/x")) << "a link was followed on disk";
  EXPECT_TRUE(std::filesystem::exists(top + "/made" + top + "/x")) << "inside it was not";
  ASSERT_EQ(::lstat((top + "/made/closed").c_str(), &closed), 0);
  EXPECT_EQ(closed.st_mode & 0777, 0700u);
  std::filesystem::remove_all(top);
}

}  // namespace
}  // namespace mayfly::images
