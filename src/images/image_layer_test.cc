#include "images/image_layer.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "base/encoding.h"
#include "images/image_error.h"

namespace mayfly::images {
namespace {

using EntryKind = LayerEntry::Kind;

class TextBytes final : public ByteSource {
 public:
  explicit TextBytes(std::string text) : text_(std::move(text)) {}
  Result<std::string_view> Read() override {  // in small pieces
    const std::string_view piece = std::string_view(text_).substr(at_, 700);
    at_ += piece.size();
    return piece;
  }

 private:
  std::string text_;
  size_t at_ = 0;
};

struct Member {
  std::string path;
  std::string content = {};
  unsigned type = AE_IFREG;
  unsigned mode = 0644;
  std::string link = {};
  bool hard = false;
};

std::string MakeTar(const std::vector<Member>& members, int filter = ARCHIVE_FILTER_NONE) {
  std::string out(8 << 20, '\0');
  size_t used = 0;
  archive* writer = archive_write_new();
  archive_write_add_filter(writer, filter);
  archive_write_set_format_pax_restricted(writer);
  archive_write_open_memory(writer, out.data(), out.size(), &used);
  for (const Member& member : members) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, member.path.c_str());
    archive_entry_set_filetype(entry, member.type);
    archive_entry_set_perm(entry, static_cast<__LA_MODE_T>(member.mode));
    archive_entry_set_size(entry, static_cast<int64_t>(member.content.size()));
    archive_entry_set_mtime(entry, 1'700'000'000, 0);
    if (member.hard) archive_entry_set_hardlink(entry, member.link.c_str());
    else if (!member.link.empty()) archive_entry_set_symlink(entry, member.link.c_str());
    archive_write_header(writer, entry);
    archive_write_data(writer, member.content.data(), member.content.size());
    archive_entry_free(entry);
  }
  archive_write_close(writer);
  archive_write_free(writer);
  return out.substr(0, used);
}

class LayerTest : public testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/mayfly-layer-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  Result<Layer> Unpack(std::string tar, LayerLimits limits = {.bytes_max = 1 << 20}) {
    TextBytes source(std::move(tar));
    return UnpackLayer(source, folder_, limits);
  }
  std::string ReadFile(uint64_t number) const {
    std::ostringstream text;
    text << std::ifstream(folder_ + "/" + std::to_string(number)).rdbuf();
    return text.str();
  }
  std::string folder_;
};

TEST_F(LayerTest, FilesGetNumbersAndNamesStayInTheList) {  // else a name of a stranger becomes a path of ours
  auto layer = Unpack(MakeTar({{"/etc/./passwd", "root"}, {"a/", "", AE_IFDIR, 0700}, {"a/link", "", AE_IFLNK, 0777, "../../../etc"},
                               {"b", "", AE_IFREG, 0644, "/etc/passwd", true}, {"a/.wh.gone"}, {"a/.wh..wh..opq"}, {".wh.top"}, {"a/.wh..wh.plnk"}}));
  ASSERT_TRUE(layer) << layer.error().message;
  const std::vector<LayerEntry> expected = {
      {EntryKind::File, 0644, 0, "etc/passwd", ""}, {EntryKind::Directory, 0700, 0, "a", ""},  {EntryKind::Symlink, 0777, 0, "a/link", "../../../etc"},
      {EntryKind::HardLink, 0644, 0, "b", "etc/passwd"}, {EntryKind::Whiteout, 0, 0, "a/gone", ""}, {EntryKind::Opaque, 0, 0, "a", ""},
      {EntryKind::Whiteout, 0, 0, "top", ""}};
  EXPECT_EQ(layer->entries, expected);
  EXPECT_EQ(ReadFile(0), "root");
  EXPECT_EQ(layer->bytes, 4u);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) EXPECT_EQ(entry.path().filename(), "0");
}

TEST_F(LayerTest, NoPowerIsUnpacked) {  // else setuid programs or devices of an image reach the machine
  auto layer = Unpack(MakeTar({{"su", "x", AE_IFREG, 06755}, {"null", "", AE_IFCHR, 0666}, {"disk", "", AE_IFBLK, 0666}, {"fifo", "", AE_IFIFO, 0666}}));
  ASSERT_TRUE(layer) << layer.error().message;
  ASSERT_EQ(layer->entries.size(), 1u);
  struct stat status{};
  ASSERT_EQ(::lstat((folder_ + "/0").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode, static_cast<unsigned>(S_IFREG | 0755));
  EXPECT_EQ(status.st_mtime, 1'700'000'000);
}

TEST_F(LayerTest, CompressionsAndDigests) {  // else what a registry serves cannot be read, or goes unverified
  const std::string tar = MakeTar({{"a", std::string(5000, 'a')}});
  const std::string diff_id = "sha256:" + Sha256Hex(tar);
  for (const int filter : {ARCHIVE_FILTER_NONE, ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_ZSTD}) {
    TearDown();
    SetUp();
    auto layer = Unpack(MakeTar({{"a", std::string(5000, 'a')}}, filter));
    ASSERT_TRUE(layer) << layer.error().message;
    EXPECT_EQ(layer->diff_id, diff_id) << filter;
  }
  EXPECT_TRUE(Unpack("")) << "an empty layer";
}

TEST_F(LayerTest, BoundsAndDamage) {
  EXPECT_EQ(Unpack(MakeTar({{"a", std::string(2000, 'a')}}), {.bytes_max = 1999}).error().code, kInvalid);
  TearDown();
  SetUp();
  EXPECT_EQ(Unpack(MakeTar({{"a"}, {"b"}, {"c"}}), {.bytes_max = 10, .entries_max = 2}).error().code, kInvalid);
  EXPECT_EQ(Unpack(MakeTar({{"a/../../b", "x"}})).error().code, kInvalid);
  EXPECT_EQ(Unpack(std::string(2000, 'x')).error().code, kInvalid) << "no tar file";
  TearDown();
  SetUp();
  const std::string tar = MakeTar({{"a", std::string(5000, 'a')}}, ARCHIVE_FILTER_GZIP);
  EXPECT_FALSE(Unpack(tar.substr(0, tar.size() / 2)).has_value()) << "cut short";
}

TEST_F(LayerTest, TheListComesBack) {  // else an image is another one after a restart
  const Layer layer{.entries = {{EntryKind::File, 0755, 3, "a/b\nc", ""}, {EntryKind::Symlink, 0777, 0, "ä", "b c"}}, .bytes = 77, .diff_id = {}};
  auto read = ReadLayer(WriteLayer(layer));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->entries, layer.entries);
  EXPECT_EQ(read->bytes, 77u);
  for (const std::string_view bad : {std::string_view("x"), std::string_view("1\0f 644\0a\0\0", 11), std::string_view("1\0q 644 0\0a\0\0", 13)}) {
    EXPECT_FALSE(ReadLayer(bad).has_value());
  }
}

}  // namespace
}  // namespace mayfly::images
