// If these fail, a ciphertext names another key than it was made with, or opens under another context.
#include "services/kms/ciphertext.h"

#include <gtest/gtest.h>

namespace mayfly::kms {
namespace {

const std::string kSecret(32, 's');
const CiphertextHead kHead{.account_id = "000000000012", .key_id = "12345678-1234-1234-1234-123456789abc", .material = 7};

TEST(Ciphertext, SaysWhoseItIs) {
  for (const CiphertextHead& head : {kHead, CiphertextHead{.account_id = "999999999999", .key_id = "mrk-0123456789abcdef0123456789abcdef", .material = 0}}) {
    const std::string text = Encrypt(head, kSecret, "value", {});
    EXPECT_EQ(ReadHead(text), head);
    EXPECT_EQ(text.find("value"), std::string::npos);
    EXPECT_LE(text.size(), 5 + keyring::Keys::kBlobBytesMax);
  }
  EXPECT_FALSE(ReadHead(""));
  EXPECT_FALSE(ReadHead(std::string(200, '\xff')));
}

TEST(Ciphertext, OpensUnderItsContextOnly) {
  const std::string text = Encrypt(kHead, kSecret, "value", {{"a", "b"}, {"c", "d"}});
  EXPECT_EQ(Decrypt(text, kSecret, {{"c", "d"}, {"a", "b"}}), "value");
  EXPECT_FALSE(Decrypt(text, kSecret, {{"a", "b"}}));
  EXPECT_FALSE(Decrypt(text, kSecret, {{"a", "bc"}, {"", "d"}}));
  EXPECT_FALSE(Decrypt(text, std::string(32, 'o'), {{"a", "b"}, {"c", "d"}}));
  for (size_t at = 0; at < text.size(); ++at) {
    std::string changed = text;
    changed[at] ^= 1;
    EXPECT_FALSE(Decrypt(changed, kSecret, {{"a", "b"}, {"c", "d"}})) << at;
  }
}

}  // namespace
}  // namespace mayfly::kms
