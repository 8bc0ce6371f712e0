// If these fail, deployments from buckets read files outside of them, or tell the wrong thing about what is missing.
#include "packages/bucket_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include <gtest/gtest.h>

#include "base/hash.h"
#include "store/test_directory.h"

namespace mayfly::packages {
namespace {

struct Buckets {
  Buckets() {
    std::filesystem::create_directories(folder / "buckets/code/a");
    Write("buckets/code/f.zip", "top");
    Write("buckets/code/a/f.zip", "below");
    Write("secret", "secret");
  }
  void Write(const std::string& path, const std::string& bytes) { std::ofstream(folder / path) << bytes; }
  Result<FetchedCode> Read(const std::string& key, const std::string& bucket = "code", const std::string& version = "") {
    return ReadBucketObject(folder / "buckets", {.bucket = bucket, .key = key, .version = version});
  }
  std::string Refusal(const std::string& key, const std::string& bucket = "code", const std::string& version = "") {
    auto read = Read(key, bucket, version);
    return read ? "read: " + read->bytes : read.error().message;
  }
  store::TestDirectory folder;
};

const std::string kNoKey = "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.";
const std::string kNoBucket = "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not exist";
const std::string kDenied = "Error occurred while GetObject. S3 Error Code: AccessDenied. S3 Error Message: Access Denied";
const std::string kNoVersion = "Error occurred while GetObject. S3 Error Code: NoSuchVersion. S3 Error Message: The specified version does not exist.";

TEST(BucketDirectory, ReadsObjects) {
  Buckets buckets;
  auto top = buckets.Read("f.zip");
  ASSERT_TRUE(top) << top.error().ToString();
  EXPECT_EQ(top->bytes, "top");
  EXPECT_EQ(top->version, Sha256Hex("top"));
  EXPECT_EQ(buckets.Read("a/f.zip")->bytes, "below");
}

TEST(BucketDirectory, TellsWhatIsMissing) {
  Buckets buckets;
  EXPECT_EQ(buckets.Refusal("nothing"), kNoKey);
  EXPECT_EQ(buckets.Refusal("f.zip/below"), kNoKey);
  EXPECT_EQ(buckets.Refusal("nothing/below"), kNoKey);
  EXPECT_EQ(buckets.Refusal("a"), kNoKey);  // a folder is no object
  EXPECT_EQ(buckets.Refusal(std::string(5000, 'x')), kNoKey);
  EXPECT_EQ(buckets.Refusal("f.zip", "none"), kNoBucket);
}

TEST(BucketDirectory, StaysInsideOfTheBucket) {
  Buckets buckets;
  for (const std::string key : {"../../secret", "..", ".", "a/../f.zip", "a/./f.zip", "a//f.zip", "/f.zip", "a/", ""}) {
    EXPECT_EQ(buckets.Refusal(key), kNoKey) << key;
  }
  EXPECT_EQ(buckets.Refusal(std::string("f.zip\0x", 7)), kNoKey);
  EXPECT_EQ(buckets.Refusal("/etc/passwd"), kNoKey);
  for (const std::string bucket : {"..", ".", "", "../buckets/code", "code/a"}) EXPECT_EQ(buckets.Refusal("f.zip", bucket), kNoBucket) << bucket;
}

TEST(BucketDirectory, FollowsNoSymbolicLink) {
  Buckets buckets;
  ASSERT_EQ(::symlink("../../secret", (buckets.folder / "buckets/code/file").c_str()), 0);
  ASSERT_EQ(::symlink("/", (buckets.folder / "buckets/code/folder").c_str()), 0);
  ASSERT_EQ(::symlink("code", (buckets.folder / "buckets/link").c_str()), 0);
  EXPECT_EQ(buckets.Refusal("file"), kDenied);
  EXPECT_EQ(buckets.Refusal("folder/etc/passwd"), kDenied);
  EXPECT_EQ(buckets.Refusal("f.zip", "link"), kDenied);
}

TEST(BucketDirectory, DoesNotWaitForPipes) {
  Buckets buckets;
  ASSERT_EQ(::mkfifo((buckets.folder / "buckets/code/pipe").c_str(), 0600), 0);
  EXPECT_EQ(buckets.Refusal("pipe"), kNoKey);
}

TEST(BucketDirectory, HonoursThePresentVersionOnly) {
  Buckets buckets;
  const std::string version = Sha256Hex("top");
  EXPECT_EQ(buckets.Read("f.zip", "code", version)->bytes, "top");
  buckets.Write("buckets/code/f.zip", "new");
  EXPECT_EQ(buckets.Refusal("f.zip", "code", version), kNoVersion);
  EXPECT_EQ(buckets.Refusal("f.zip", "code", "1"), kNoVersion);
}

TEST(BucketDirectory, RefusesWhatIsTooLarge) {
  Buckets buckets;
  ASSERT_EQ(::truncate((buckets.folder / "buckets/code/f.zip").c_str(), static_cast<off_t>(kSourceBytesMax) + 1), 0);
  EXPECT_EQ(buckets.Refusal("f.zip"), "Unzipped size must be smaller than 262144000 bytes");
}

}  // namespace
}  // namespace mayfly::packages
