// If these fail, a package can write or read outside of its folder, a bad upload is accepted, or a crash leaves half a package.
#include "packages/code_package.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/files.h"
#include "base/hash.h"
#include "packages/package_writer.h"
#include "packages/zip_test_builder.h"

namespace mayfly::packages {
namespace {

namespace fs = std::filesystem;
constexpr uint32_t kLink = 0120777;
constexpr const char* kCannotUnzip = "Could not unzip uploaded file. Please check your file, then try to upload again.";

class CodePackages : public testing::Test {
 protected:
  CodePackages() {
    char name[] = "/tmp/mayfly_catalog_XXXXXX";
    folder_ = ::mkdtemp(name);
    store_ = Reopen();
  }
  ~CodePackages() override { fs::remove_all(folder_); }

  std::unique_ptr<CodeStore> Reopen() {
    auto store = CodeStore::Open(folder_ + "/code");
    EXPECT_TRUE(store) << store.error().ToString();
    return std::move(*store);
  }
  std::string PutRoot(const std::vector<ZipItem>& items) {
    const auto package = store_->Put(MakeZip(items));
    EXPECT_TRUE(package) << package.error().ToString();
    return package ? store_->DirectoryOf(package->sha256_hex) : "";
  }
  void ExpectRefused(const std::string& zip, std::string_view what) {
    for (const auto& result : {store_->Put(zip), CheckCodePackage(zip)}) {
      ASSERT_FALSE(result) << what;
      EXPECT_EQ(result.error().code, "InvalidParameterValueException") << what;
      EXPECT_EQ(result.error().message, kCannotUnzip) << what;
    }
    EXPECT_TRUE(store_->List()->empty()) << what;
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_ + "/code"), {}), 0) << what;
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1) << what;
  }
  static unsigned ModeOf(const std::string& path) {
    struct stat status{};
    EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777;
  }

  std::string folder_;
  std::unique_ptr<CodeStore> store_;
};

TEST_F(CodePackages, StoresWhatTheZipHolds) {
  const std::string large(300'000, 'x');
  const std::string zip = MakeZip({{"index.py", "print(1)"}, {"lib/", "", 0040755}, {"lib/deep/er/data.bin", large, 0100644, 3, true}});
  const auto package = store_->Put(zip);
  ASSERT_TRUE(package) << package.error().ToString();
  EXPECT_EQ(package->sha256_hex, Sha256Hex(zip));
  EXPECT_EQ(package->zipped_bytes, zip.size());
  const std::string root = store_->DirectoryOf(package->sha256_hex);
  EXPECT_EQ(*ReadFile(root + "/index.py"), "print(1)");
  EXPECT_EQ(*ReadFile(root + "/lib/deep/er/data.bin"), large);
  EXPECT_EQ(*ReadFile(store_->ZipPathOf(package->sha256_hex)), zip);
  EXPECT_EQ(*store_->List(), std::vector<std::string>{package->sha256_hex});
  EXPECT_EQ(CheckCodePackage(zip)->sha256_base64, package->sha256_base64);
}

TEST_F(CodePackages, PermissionsServeEveryReader) {
  ::umask(077);
  const std::string root = PutRoot({{"private.py", "x", 0100600},
                                    {"bootstrap", "x", 0100700},
                                    {"setuid", "x", 0106777},
                                    {"windows.js", "x", 0, 0},
                                    {"no_mode.py", "x", 0, 3},
                                    {"dir/", "", 0041700},
                                    {"dir/read_only", "x", 0100400}});
  ::umask(022);
  EXPECT_EQ(ModeOf(root + "/private.py"), 0644u);
  EXPECT_EQ(ModeOf(root + "/bootstrap"), 0755u);
  EXPECT_EQ(ModeOf(root + "/setuid"), 0755u);
  EXPECT_EQ(ModeOf(root + "/windows.js"), 0755u);
  EXPECT_EQ(ModeOf(root + "/no_mode.py"), 0755u);
  EXPECT_EQ(ModeOf(root + "/dir"), 0755u);
  EXPECT_EQ(ModeOf(root + "/dir/read_only"), 0444u);
  EXPECT_EQ(ModeOf(root), 0755u);
}

TEST_F(CodePackages, FilesKeepTheirTimes) {
  std::string extra;
  PutNumber(extra, 0x5455, 2);
  PutNumber(extra, 5, 2);
  PutNumber(extra, 1, 1);
  PutNumber(extra, 1'600'000'000, 4);
  ZipItem precise{"precise.py", "x"};
  precise.extra = extra;
  const std::string root = PutRoot({{"coarse.py", "x"}, precise});
  struct stat status{};
  ASSERT_EQ(::stat((root + "/precise.py").c_str(), &status), 0);
  EXPECT_EQ(status.st_mtime, 1'600'000'000);
  ASSERT_EQ(::stat((root + "/coarse.py").c_str(), &status), 0);
  EXPECT_EQ(status.st_mtime, 1769817600);  // 2026-01-31
}

TEST_F(CodePackages, LinksInsideAreKept) {
  const std::string root = PutRoot({{"lib/real.js", "real"},
                                    {"bin/tool", "../lib/real.js", kLink},
                                    {"self", ".", kLink},
                                    {"dangling", "lib/none", kLink},
                                    {"via", "self/lib/../lib/real.js", kLink}});
  EXPECT_EQ(*ReadFile(root + "/bin/tool"), "real");
  EXPECT_EQ(*ReadFile(root + "/via"), "real");
  EXPECT_TRUE(fs::is_symlink(root + "/dangling"));
}

TEST_F(CodePackages, RefusesEveryWayOut) {
  const std::vector<std::pair<const char*, std::vector<ZipItem>>> cases = {
      {"absolute", {{"/etc/mayfly_test", "x"}}},
      {"dot dot", {{"../escaped", "x"}}},
      {"dot dot inside", {{"a/../../escaped", "x"}}},
      {"dot dot at the end", {{"a/..", "x"}}},
      {"absolute link", {{"passwd", "/etc/passwd", kLink}}},
      {"link up", {{"up", "../..", kLink}}},
      {"link up from below", {{"a/b/up", "../../../x", kLink}}},
      {"link through a link", {{"deep/dir/top", "../..", kLink}, {"out", "deep/dir/top/../etc", kLink}}},
      {"absolute by way of a link", {{"root", "/", kLink}, {"x", "root/etc", kLink}}},
      {"links in a circle", {{"a", "b", kLink}, {"b", "a", kLink}}},
      {"file through a link", {{"dir", "/tmp", kLink}, {"dir/file", "x"}}},
      {"file through an inner link", {{"real/", "", 0040755}, {"dir", "real", kLink}, {"dir/file", "x"}}},
      {"link over a directory", {{"dir/file", "x"}, {"dir", "/tmp", kLink}}},
      {"empty link", {{"a", "", kLink}}},
      {"long link", {{"a", std::string(5000, 'a'), kLink}}},
      {"device", {{"null", "", 0020666}}},
      {"fifo", {{"pipe", "", 0010644}}},
      {"socket", {{"socket", "", 0140755}}},
      {"directory with another type", {{"dir/", "", kLink}}},
      {"the root as a file", {{"./", "x"}, {".", "x"}}},
  };
  for (const auto& [what, items] : cases) ExpectRefused(MakeZip(items), what);
  EXPECT_FALSE(fs::exists("/etc/mayfly_test"));
  EXPECT_FALSE(fs::exists(folder_ + "/escaped"));
}

TEST_F(CodePackages, RefusesNamesThatCollideOrCannotBe) {
  const std::vector<std::pair<const char*, std::vector<ZipItem>>> cases = {
      {"twice", {{"a", "1"}, {"a", "2"}}},
      {"twice after cleaning", {{"a/b", "1"}, {"./a//b", "2"}}},
      {"file and directory", {{"a", "1"}, {"a/", "", 0040755}}},
      {"file as parent", {{"a", "1"}, {"a/b", "2"}}},
      {"not UTF-8", {{"a\xff", "1"}}},
      {"NUL", {{std::string("a\0b", 3), "1"}}},
      {"line break", {{"a\nb", "1"}}},
      {"long component", {{std::string(256, 'a'), "1"}}},
      {"long path", {{std::string(1025, 'a'), "1"}}},
      {"deep", {{[] { std::string deep; for (int i = 0; i < 600; ++i) deep += "d/"; return deep + "f"; }(), "1"}}},
  };
  for (const auto& [what, items] : cases) ExpectRefused(MakeZip(items), what);
}

TEST_F(CodePackages, RefusesBrokenZips) {
  const ZipItem good{"index.py", std::string(1000, 'x'), 0100644, 3, true};
  const std::string zip = MakeZip({good});
  const auto with = [&](auto change) {
    ZipItem item = good;
    change(item);
    return MakeZip({item});
  };
  const std::vector<std::pair<const char*, std::string>> cases = {
      {"text", "this is no zip file, only some text that is long enough to hold an end record"},
      {"cut off", zip.substr(0, zip.size() - 1)},
      {"head only", zip.substr(0, 30)},
      {"no head", zip.substr(1)},
      {"CRC", with([](ZipItem& item) { item.crc = 1; })},
      {"longer than said", with([](ZipItem& item) { item.unpacked_bytes = 999; })},
      {"shorter than said", with([](ZipItem& item) { item.unpacked_bytes = 1001; })},
      {"encrypted", with([](ZipItem& item) { item.flags = 1; })},
      {"method", with([](ZipItem& item) { item.method = 12; })},
      {"stored as deflated", with([](ZipItem& item) { item.deflate = false; item.method = 8; })},
      {"two names", with([](ZipItem& item) { item.local_name = "other.py"; })},
      {"offset", with([](ZipItem& item) { item.local_offset = 0xfffffff0; })},
      {"zip64 without", with([](ZipItem& item) { item.local_offset = 0xffffffff; })},
      {"shared data", MakeZip({good, [&] { ZipItem item = good; item.local_offset = 0; return item; }()})},
  };
  for (const auto& [what, bytes] : cases) ExpectRefused(bytes, what);
  std::string more = zip;
  more[more.size() - 12] = more[more.size() - 14] = 2;
  ExpectRefused(more, "counts more entries than there are");
}

TEST_F(CodePackages, PrefixAndCommentAreNoHarm) {
  EXPECT_TRUE(store_->Put("#!/usr/bin/env python3\n" + MakeZip({{"__main__.py", "print(1)"}})));
  EXPECT_TRUE(store_->Put(MakeZip({{"a.py", "print(1)"}}, "a comment with PK\x05\x06 inside")));
}

TEST_F(CodePackages, SizesHaveAwsTexts) {
  const auto empty = store_->Put("");
  EXPECT_EQ(empty.error().message, "Uploaded file must be a non-empty zip");
  EXPECT_EQ(store_->Put(MakeZip({})).error().message, "Uploaded file must be a non-empty zip");
  const auto large = store_->Put(std::string(kZippedBytesMax + 1, 'x'));
  EXPECT_EQ(large.error().code, "RequestEntityTooLargeException");
  EXPECT_EQ(large.error().message, "Zipped size must be smaller than 52428800 bytes");
  ZipItem half{"half", "x"};
  half.unpacked_bytes = 0xf0000000;
  const auto liar = store_->Put(MakeZip({half}));
  EXPECT_EQ(liar.error().code, "InvalidParameterValueException");
  EXPECT_EQ(liar.error().message, "Unzipped size must be smaller than 262144000 bytes");
}

TEST_F(CodePackages, StopsABombThatLies) {
  ZipItem bomb{"bomb", std::string(5'000'000, '\0'), 0100644, 3, true};
  bomb.unpacked_bytes = 10;
  ExpectRefused(MakeZip({bomb}), "bomb");
}

TEST_F(CodePackages, BoundsEntries) {
  std::vector<ZipItem> items;
  for (int i = 0; i < 300; ++i) {
    std::string path;
    for (int depth = 0; depth < 500; ++depth) path += std::to_string(i % 10) + "/";
    items.push_back({std::to_string(i) + "/" + path.substr(0, 1000) + "f", ""});
  }
  ExpectRefused(MakeZip(items), "300 files in 150,000 implied directories");
}

TEST_F(CodePackages, SurvivesCrashes) {
  const auto kept = store_->Put(MakeZip({{"a", "1"}}))->sha256_hex;
  fs::create_directories(folder_ + "/code/.new-AbCdEf/root/x");
  fs::create_directories(folder_ + "/code/.deleted-AbCdEf/package/root");
  store_ = Reopen();
  EXPECT_EQ(*store_->List(), std::vector<std::string>{kept});
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ + "/code"), {}), 1);
}

TEST_F(CodePackages, DeletesOnlyWhatNobodyHolds) {
  auto package = *store_->Put(MakeZip({{"a", "1"}}));
  const std::string name = package.sha256_hex;
  EXPECT_EQ(*store_->Delete(name), CodeStore::Deletion::Pinned);
  auto second = store_->Pin(name);
  package.pin.reset();
  EXPECT_EQ(*store_->Delete(name), CodeStore::Deletion::Pinned);
  second.reset();
  EXPECT_EQ(*store_->Delete(name), CodeStore::Deletion::Done);
  EXPECT_EQ(*store_->Delete(name), CodeStore::Deletion::NotThere);
  EXPECT_EQ(store_->DirectoryOf(name), "");
  EXPECT_EQ(store_->Pin(name), nullptr);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ + "/code"), {}), 0);
}

TEST_F(CodePackages, NamesThatAreNoHashesReachNothing) {
  fs::create_directories(folder_ + "/secret/root");
  for (const char* name : {"", "..", "../secret", "."}) {
    EXPECT_EQ(store_->DirectoryOf(name), "");
    EXPECT_EQ(store_->ZipPathOf(name), "");
    EXPECT_EQ(*store_->Delete(name), CodeStore::Deletion::NotThere);
  }
  EXPECT_TRUE(fs::exists(folder_ + "/secret/root"));
}

TEST_F(CodePackages, ManyThreadsStoreTheSame) {
  std::vector<ZipItem> items;
  for (int i = 0; i < 100; ++i) items.push_back({"f" + std::to_string(i), std::string(1000, 'x'), 0100644, 3, true});
  const std::string zip = MakeZip(items);
  std::vector<std::thread> threads;
  std::atomic<int> stored = 0;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { stored += store_->Put(zip).has_value() ? 1 : 0; });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(stored, 8);
  EXPECT_EQ(store_->List()->size(), 1u);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ + "/code"), {}), 1);
}

}  // namespace
}  // namespace mayfly::packages
