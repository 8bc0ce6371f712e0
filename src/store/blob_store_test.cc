// If these fail, code packages are lost, mixed up or left behind half-written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "store/checksum.h"
#include "store/store.h"
#include "store/test_directory.h"

namespace mayfly::store {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

class BlobStoreTest : public testing::Test {
 protected:
  BlobStoreTest() : blobs_(std::move(*BlobStore::Open(directory_ / "blobs"))) {}
  TestDirectory directory_;
  std::unique_ptr<BlobStore> blobs_;
};

TEST_F(BlobStoreTest, ABlobIsFoundByTheHashOfItsBytes) {
  const std::string bytes("zip\0zip", 7);
  const auto digest = blobs_->Put(bytes);
  ASSERT_TRUE(digest);
  EXPECT_EQ(*digest, Sha256(bytes));
  EXPECT_EQ(blobs_->Read(*digest).value(), bytes);
  const auto fd = blobs_->Open(*digest);
  ASSERT_TRUE(fd);
  struct stat status{};
  ASSERT_EQ(::fstat(fd->get(), &status), 0);
  EXPECT_EQ(status.st_size, 7);
  EXPECT_EQ(status.st_mode & 0777, 0400u);
  EXPECT_THAT(blobs_->List().value(), ElementsAre(*digest));
  EXPECT_TRUE(blobs_->Put(bytes));
  EXPECT_TRUE(blobs_->Put(""));
  EXPECT_EQ(blobs_->Read(Sha256("")).value(), "");
}

TEST_F(BlobStoreTest, WhatIsNotThereIsENOENTAndDeletingItIsNoError) {
  const Sha256Digest digest = Sha256("missing");
  EXPECT_EQ(blobs_->Open(digest).error().code, "ENOENT");
  EXPECT_EQ(blobs_->Read(digest).error().code, "ENOENT");
  EXPECT_TRUE(blobs_->Delete(digest));
  const auto put = blobs_->Put("there");
  EXPECT_TRUE(blobs_->Delete(*put));
  EXPECT_EQ(blobs_->Open(*put).error().code, "ENOENT");
  EXPECT_THAT(blobs_->List().value(), IsEmpty());
}

TEST_F(BlobStoreTest, OpeningRemovesWhatACrashLeftAndKeepsTheRest) {
  const auto digest = blobs_->Put("kept");
  std::ofstream(directory_ / "blobs/tmp/half") << "half";
  fs::create_directory(directory_ / "blobs/aa");
  std::ofstream(directory_ / "blobs/aa/not-a-digest") << "x";
  blobs_ = std::move(*BlobStore::Open(directory_ / "blobs"));
  EXPECT_TRUE(fs::is_empty(directory_ / "blobs/tmp"));
  EXPECT_THAT(blobs_->List().value(), ElementsAre(*digest));
}

TEST_F(BlobStoreTest, ABlobOfTheWrongSizeIsWrittenAnew) {
  const auto digest = blobs_->Put("bytes");
  fs::permissions(blobs_->PathOf(*digest), fs::perms::owner_write, fs::perm_options::add);
  fs::resize_file(blobs_->PathOf(*digest), 2);
  ASSERT_TRUE(blobs_->Put("bytes"));
  EXPECT_EQ(blobs_->Read(*digest).value(), "bytes");
}

TEST_F(BlobStoreTest, ManyThreadsMayPutOneBlob) {
  const std::string bytes(100'000, 'b');
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const auto digest = blobs_->Put(bytes);
      EXPECT_TRUE(digest && *blobs_->Read(*digest) == bytes);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(fs::is_empty(directory_ / "blobs/tmp"));
}

TEST(Crc32c, HasThePublishedValues) {
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c("56789", Crc32c("1234")), Crc32c("123456789"));
}

}  // namespace
}  // namespace mayfly::store
