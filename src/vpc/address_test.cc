// If these fail, addresses of networks are read, written or compared wrongly.
#include "vpc/address.h"

#include <gtest/gtest.h>

namespace mayfly::vpc {
namespace {

TEST(Address, IsReadAndWritten) {
  for (const char* text : {"0.0.0.0", "10.0.0.1", "255.255.255.255", "::", "2001:db8::1", "fe80::ffff:1"}) {
    const auto address = ParseAddress(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->Text(), text);
  }
  for (const char* text : {"", "10.0.0", "10.0.0.256", "10.0.0.1/8", "::g", "1.2.3.4.5", " 10.0.0.1"})
    EXPECT_FALSE(ParseAddress(text)) << text;
}

TEST(Block, IsReadAndWritten) {
  EXPECT_EQ(ParseBlock("10.0.0.0/16")->Text(), "10.0.0.0/16");
  EXPECT_EQ(ParseBlock("10.0.3.7/16")->Text(), "10.0.0.0/16");
  EXPECT_EQ(ParseBlock("0.0.0.0/0")->Text(), "0.0.0.0/0");
  EXPECT_EQ(ParseBlock("2001:db8:1:2:3::/56")->Text(), "2001:db8:1::/56");
  EXPECT_EQ(ParseBlock("::/0")->Text(), "::/0");
  for (const char* text : {"", "/8", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+1", "::/129", "10.0.0.0/1x"})
    EXPECT_FALSE(ParseBlock(text)) << text;
}

TEST(Block, KnowsWhatIsInIt) {
  const Block vpc = *ParseBlock("10.0.0.0/16");
  EXPECT_TRUE(vpc.Contains(*ParseAddress("10.0.255.255")));
  EXPECT_FALSE(vpc.Contains(*ParseAddress("10.1.0.0")));
  EXPECT_FALSE(vpc.Contains(*ParseAddress("::")));
  EXPECT_TRUE(vpc.Contains(*ParseBlock("10.0.1.0/24")));
  EXPECT_FALSE(vpc.Contains(*ParseBlock("10.0.0.0/8")));
  EXPECT_TRUE(vpc.Overlaps(*ParseBlock("10.0.0.0/8")));
  EXPECT_FALSE(vpc.Overlaps(*ParseBlock("10.1.0.0/16")));
  EXPECT_TRUE(ParseBlock("0.0.0.0/0")->Contains(vpc));
  EXPECT_EQ(vpc.size(), 65'536u);
  EXPECT_EQ(vpc.At(258).Text(), "10.0.1.2");
}

}  // namespace
}  // namespace mayfly::vpc
