// If these fail, every signature is wrong.
#include "base/hash.h"

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace mayfly {
namespace {

TEST(Hash, Sha256OfKnownStrings) {
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256Stream stream;
  stream.Update("a");
  stream.Update("bc");
  EXPECT_EQ(HexEncode(AsView(stream.Finish())), Sha256Hex("abc"));
}

// The test cases of RFC 4231: short keys, and keys longer than a block.
TEST(Hash, HmacSha256OfTheRfc) {
  auto hex = [](const std::string& key, const std::string& text) { return HexEncode(AsView(HmacSha256(key, text))); };
  EXPECT_EQ(hex(std::string(20, '\x0b'), "Hi There"), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hex("Jefe", "what do ya want for nothing?"), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hex(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

}  // namespace
}  // namespace mayfly
