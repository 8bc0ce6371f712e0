// If these fail, a SecureString that an older daemon has kept cannot be read any more, or changed bytes are taken for one.
#include "services/ssm/secret_box.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/encoding.h"
#include "base/files.h"

namespace mayfly::ssm {
namespace {

// "secret", under a key of thirty-two k, for arn:p, as they were sealed.
constexpr const char* kSealed = "AW5ubm5ubm5ubm5ubutehMJ0wLZCgYcOdG3FISa8ES8G4wc=";

TEST(SecretBox, OpensWhatAnOlderDaemonSealed) {
  const SecretBox box(std::string(32, 'k'));
  EXPECT_EQ(*box.Open(kSealed, "arn:p"), "secret");
  EXPECT_FALSE(box.Open(kSealed, "arn:q")) << "of another parameter";
  EXPECT_FALSE(SecretBox(std::string(32, 'o')).Open(kSealed, "arn:p")) << "of another daemon";
  const std::string bytes = *Base64Decode(kSealed);
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(box.Open(Base64Encode(changed), "arn:p")) << i;
  }
  for (const char* wrong : {"", "AQ==", "no base64!"}) EXPECT_FALSE(box.Open(wrong, "arn:p")) << wrong;
}

TEST(SecretBox, IsThereOnlyWhereItsKeyIs) {
  std::string pattern = ::testing::TempDir() + "secret-box-XXXXXX";
  const std::string folder = ::mkdtemp(pattern.data());
  const std::string path = folder + "/ssm-key";
  EXPECT_EQ(*SecretBox::Read(path), nullptr);
  ASSERT_TRUE(WriteFileDurably(path, HexEncode(std::string(32, 'k')) + "\n", 0600));
  EXPECT_EQ(*(*SecretBox::Read(path))->Open(kSealed, "arn:p"), "secret");
  std::filesystem::resize_file(path, 10);
  EXPECT_FALSE(SecretBox::Read(path)) << "a damaged key is told of";
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace mayfly::ssm
