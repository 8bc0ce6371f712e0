// If these fail, what root writes in a folder of another user lands where that user wants it, or half a file is left.
#include "base/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace mayfly {
namespace {

class FilesTest : public testing::Test {
 protected:
  FilesTest() {
    char name[] = "/tmp/files-test-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~FilesTest() override { std::filesystem::remove_all(folder_); }
  std::string PathOf(const char* name) const { return folder_ + '/' + name; }

  std::string folder_;
};

TEST_F(FilesTest, AFileIsReplacedAsAWhole) {
  ASSERT_TRUE(WriteFileDurably(PathOf("a"), "one"));
  ASSERT_TRUE(WriteFileDurably(PathOf("a"), "two", 0600));
  EXPECT_EQ(ReadFile(PathOf("a")).value_or(""), "two");
  struct stat status{};
  ASSERT_EQ(::stat(PathOf("a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_FALSE(std::filesystem::exists(PathOf("a.tmp")));
}

TEST_F(FilesTest, ALinkInTheWayIsNotFollowed) {
  std::ofstream(PathOf("precious")) << "kept";
  std::filesystem::create_symlink("precious", PathOf("a.tmp"));
  ASSERT_TRUE(WriteFileDurably(PathOf("a"), "new"));
  EXPECT_EQ(ReadFile(PathOf("precious")).value_or(""), "kept");
  EXPECT_EQ(ReadFile(PathOf("a")).value_or(""), "new");
  EXPECT_FALSE(std::filesystem::is_symlink(PathOf("a")));
}

TEST_F(FilesTest, WhatACrashHasLeftIsNoHindrance) {
  std::ofstream(PathOf("a.tmp")) << "half a file that is longer than the new one";
  ASSERT_TRUE(WriteFileDurably(PathOf("a"), "new"));
  EXPECT_EQ(ReadFile(PathOf("a")).value_or(""), "new");
}

}  // namespace
}  // namespace mayfly
