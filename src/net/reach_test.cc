// If these fail, who may name a subscriber or an API destination reaches what listens on the machine or in its network.
#include "net/reach.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

namespace mayfly::http {
namespace {

bool Reaches(const char* text) {
  sockaddr_in v4{.sin_family = AF_INET};
  if (::inet_pton(AF_INET, text, &v4.sin_addr) == 1) return IsReachable(Reach::Internet, reinterpret_cast<const sockaddr&>(v4));
  sockaddr_in6 v6{.sin6_family = AF_INET6};
  EXPECT_EQ(::inet_pton(AF_INET6, text, &v6.sin6_addr), 1) << text;
  return IsReachable(Reach::Internet, reinterpret_cast<const sockaddr&>(v6));
}

TEST(Reach, TheInternetOnly) {
  for (const char* open : {"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.1", "100.63.0.1", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.0.1.1", "192.167.0.1",
                           "198.17.0.1", "198.20.0.1", "223.255.255.255", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::1"}) {
    EXPECT_TRUE(Reaches(open)) << open;
  }
  for (const char* closed : {"0.0.0.0", "0.1.2.3", "10.1.2.3", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.9.9.9", "169.254.169.254", "172.16.0.1", "172.31.255.255",
                             "192.0.0.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fc00::1",
                             "fd12::1", "ff02::1", "::ffff:127.0.0.1", "::127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::1", "2001:0:1::1"}) {
    EXPECT_FALSE(Reaches(closed)) << closed;
  }
}

TEST(Reach, UnixSocketsAreOfThisMachine) {
  const sockaddr_un socket{.sun_family = AF_UNIX, .sun_path = "/x"};
  EXPECT_FALSE(IsReachable(Reach::Internet, reinterpret_cast<const sockaddr&>(socket)));
  EXPECT_TRUE(IsReachable(Reach::Anything, reinterpret_cast<const sockaddr&>(socket)));
}

}  // namespace
}  // namespace mayfly::http
