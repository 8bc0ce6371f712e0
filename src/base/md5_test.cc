// If these fail, SDKs refuse what a queue answers: its checksums are wrong.
#include "base/md5.h"

#include <gtest/gtest.h>

namespace mayfly {
namespace {

TEST(Md5, GivesTheDigestsOfRfc1321) {
  EXPECT_EQ(Md5Hex(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(Md5Hex("abc"), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(Md5Hex("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
}

}  // namespace
}  // namespace mayfly
