// If these fail, a secret lies on disk for everybody to read, or cannot be read any more by the daemon itself.
#include "services/ssm/secret_box.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/encoding.h"

namespace mayfly::ssm {
namespace {

class SecretBoxTest : public ::testing::Test {
 protected:
  SeededRandom random_{1};
  SecretBox box_{std::string(32, 'k'), random_};
};

TEST_F(SecretBoxTest, GivesBackWhatWasSealed) {
  for (const std::string& value : {std::string("secret"), std::string(), std::string(8192, 'x'), std::string("\0\xff", 2)}) {
    const std::string sealed = box_.Seal(value, "arn:p");
    EXPECT_EQ(*box_.Open(sealed, "arn:p"), value);
    if (value.size() > 3) EXPECT_EQ(Base64Decode(sealed)->find(value), std::string::npos);
  }
  EXPECT_NE(box_.Seal("secret", "arn:p"), box_.Seal("secret", "arn:p"));
}

TEST_F(SecretBoxTest, OpensNothingElse) {
  const std::string sealed = box_.Seal("secret", "arn:p");
  EXPECT_FALSE(box_.Open(sealed, "arn:q")) << "of another parameter";
  EXPECT_FALSE(SecretBox(std::string(32, 'o'), random_).Open(sealed, "arn:p")) << "of another daemon";
  std::string bytes = *Base64Decode(sealed);
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(box_.Open(Base64Encode(changed), "arn:p")) << i;
  }
  for (const char* wrong : {"", "AQ==", "no base64!"}) EXPECT_FALSE(box_.Open(wrong, "arn:p")) << wrong;
}

TEST_F(SecretBoxTest, KeepsItsKeyInAFileOfItsOwn) {
  std::string pattern = ::testing::TempDir() + "secret-box-XXXXXX";
  const std::string folder = ::mkdtemp(pattern.data());
  const std::string path = folder + "/ssm-key";
  const std::string sealed = (*SecretBox::Open(path, random_))->Seal("secret", "arn:p");
  EXPECT_EQ(*(*SecretBox::Open(path, random_))->Open(sealed, "arn:p"), "secret");
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  std::filesystem::resize_file(path, 10);
  EXPECT_FALSE(SecretBox::Open(path, random_)) << "a damaged key is never replaced";
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace mayfly::ssm
