#include "router/rules.h"

#include <gtest/gtest.h>

#include "sandbox/router_protocol.h"

namespace mayfly::router {
namespace {

Options Some() {
  Options options;
  options.instance = "abc";
  return options;
}

// Broken: private ranges are reached in strict mode, or refused in open mode.
TEST(RouterRules, PrivateRangesAreRefusedWhereThatIsAskedFor) {
  constexpr const char* kRefused = "set private4 { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 100.64.0.0/10, 172.16.0.0/12";
  EXPECT_NE(RouterRules(Some()).find(kRefused), std::string::npos);
  Options open = Some();
  open.refuse_private = false;
  EXPECT_NE(RouterRules(open).find("set private4 { type ipv4_addr; flags interval; }"), std::string::npos);
}

// Broken: a function in a VPC reaches private ranges through a NAT gateway where functions without one do.
TEST(RouterRules, NetworksReachNoPrivateRanges) {
  Options open = Some();
  open.refuse_private = false;
  const std::string rules = RouterRules(open);
  const size_t chain = rules.find("chain network_internet {");
  ASSERT_NE(chain, std::string::npos);
  EXPECT_NE(rules.find("ip daddr { 10.0.0.0/8, 100.64.0.0/10, 172.16.0.0/12", chain), std::string::npos);
  EXPECT_LT(rules.find("ip saddr vmap @members4"), rules.find("jump default_network"));
}

// Broken: a destination that an operator allows is not, or in the wrong family.
TEST(RouterRules, AllowedDestinationsAreOfTheirFamily) {
  Options options = Some();
  options.allowed = {"10.1.0.0/16 . 5432", "fd00:1::/64 . 0-65535"};
  const std::string rules = RouterRules(options);
  EXPECT_NE(rules.find("set allowed4 { type ipv4_addr . inet_service; flags interval; elements = { 10.1.0.0/16 . 5432 } }"), std::string::npos);
  EXPECT_NE(rules.find("set allowed6 { type ipv6_addr . inet_service; flags interval; elements = { fd00:1::/64 . 0-65535 } }"), std::string::npos);
}

// Broken: a bandwidth is limited that nobody asked for, or not limited.
TEST(RouterRules, BandwidthIsLimitedOnDemand) {
  EXPECT_EQ(RouterRules(Some()).find("limit rate"), std::string::npos);
  Options options = Some();
  options.bytes_per_second = 125000;
  EXPECT_NE(RouterRules(options).find("limit rate over 125000 bytes/second"), std::string::npos);
}

// Broken: refused connections are counted for nobody, or for another.
TEST(RouterRules, CountersAreReadFromAListing) {
  const std::string listing =
      "table inet mayfly {\n\tset refused4 {\n\t\ttype ipv4_addr\n\t\tsize 65536\n\t\tflags dynamic\n\t\tcounter\n"
      "\t\telements = { 169.254.101.0 counter packets 3 bytes 180, 169.254.101.7 counter packets 12 bytes 720,\n"
      "\t\t\t     169.254.102.1 counter packets 1 bytes 60 }\n\t}\n}\n";
  EXPECT_EQ(CountersOf(listing), "169.254.101.0 3\n169.254.101.7 12\n169.254.102.1 1\n");
  EXPECT_EQ(CountersOf("table inet mayfly {\n\tset refused4 {\n\t}\n}\n"), "");
}

// Broken: an operator is not told that Docker or firewalld drop what functions send.
TEST(RouterRules, ForwardChainsOfOthersAreSeen) {
  const std::string ours = "table inet mayfly_abc {\n\tchain forward {\n\t\ttype filter hook forward priority filter - 5; policy accept;\n\t}\n}\n";
  EXPECT_FALSE(IsForwardingDropped(ours));
  EXPECT_TRUE(IsForwardingDropped(ours + "table ip filter {\n\tchain FORWARD {\n\t\ttype filter hook forward priority filter; policy drop;\n\t}\n}\n"));
  EXPECT_TRUE(IsForwardingDropped("table inet firewalld {\n\tchain x {\n\t}\n}\n"));
}

// Broken: two cages have one address, or a cage that of a service of the cloud.
TEST(AddressPlan, EachCageHasItsOwn) {
  using namespace sandbox;
  for (uint32_t index = 0; index < kCageAddresses; ++index) {
    const uint32_t address = CageAddressOf(index);
    ASSERT_EQ(CageIndexOf(address), index);
    const uint32_t third = address >> 8 & 255;
    ASSERT_TRUE(third > 100 && third < 255 && third != 169 && third != 170);
  }
  EXPECT_EQ(CageIndexOf(kNameServerAddress), kCageAddresses);
}

}  // namespace
}  // namespace mayfly::router
