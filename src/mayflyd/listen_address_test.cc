// If these fail, the daemon listens where it was not told to, or takes an address of the network for one of this machine: in open mode
// anybody could call it then.
#include "mayflyd/listen_address.h"

#include <gtest/gtest.h>

namespace mayfly::daemon {
namespace {

TEST(ListenAddress, HostAndPort) {
  const auto address = ParseListenAddress("127.0.0.1:4566");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->host, "127.0.0.1");
  EXPECT_EQ(address->port, 4566);
  EXPECT_EQ(ParseListenAddress("[::1]:0")->host, "[::1]");
  EXPECT_EQ(ParseListenAddress("localhost:65535")->port, 65535);
}

TEST(ListenAddress, RefusesWhatIsNone) {
  for (const char* text : {"", "4566", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:45x", "127.0.0.1: 45", "127.0.0.1:+4"}) {
    const auto address = ParseListenAddress(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().message, std::string("--listen ") + text + ": expected HOST:PORT, e.g. 127.0.0.1:4566");
  }
}

TEST(ListenAddress, KnowsWhatOnlyThisMachineReaches) {
  for (const char* host : {"127.0.0.1", "127.9.9.9", "localhost", "::1", "[::1]"}) EXPECT_TRUE((ListenAddress{host}.is_loopback())) << host;
  for (const char* host : {"0.0.0.0", "", "::", "[::]", "10.0.0.1", "128.0.0.1", "localhost.example"}) EXPECT_FALSE((ListenAddress{host}.is_loopback())) << host;
}

}  // namespace
}  // namespace mayfly::daemon
