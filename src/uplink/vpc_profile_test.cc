#include "uplink/vpc_profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "sandbox/router_protocol.h"
#include "uplink/vpc_explain.h"
#include "vpc/network_fixture.h"

namespace mayfly::uplink {
namespace {

using sandbox::ProfileVerdict;
using ::testing::HasSubstr;

struct Decoded {
  std::vector<sandbox::ProfileRule> rules;
  std::vector<sandbox::ProfileTranslation> translations;

  // As the kernel's chain does.
  ProfileVerdict At(uint32_t address, uint8_t protocol, uint16_t port) const {
    for (const auto& rule : rules) {
      uint32_t base = 0;
      for (int i = 0; i < 4; ++i) base = base << 8 | rule.destination[i];
      const bool contains = !rule.is_v6 && (rule.bits == 0 || (address ^ base) >> (32 - rule.bits) == 0);
      if (contains && (rule.protocol == 0 || rule.protocol == protocol) && port >= rule.port_low && port <= rule.port_high) return rule.verdict;
    }
    return ProfileVerdict::Refuse;
  }
};

Decoded Decode(const std::string& bytes) {
  sandbox::RouterProfile head;
  std::memcpy(&head, bytes.data(), sizeof head);
  Decoded decoded{std::vector<sandbox::ProfileRule>(head.rules), std::vector<sandbox::ProfileTranslation>(head.translations)};
  const size_t rule_bytes = head.rules * sizeof(sandbox::ProfileRule);
  std::memcpy(decoded.rules.data(), bytes.data() + sizeof head, rule_bytes);
  std::memcpy(decoded.translations.data(), bytes.data() + sizeof head + rule_bytes, head.translations * sizeof(sandbox::ProfileTranslation));
  return decoded;
}

class VpcProfileTest : public ::testing::Test {
 protected:
  VpcProfile Make() {
    auto made = MakeVpcProfile(setup_.network, names_, "eni-a", {"192.168.1.5"});
    EXPECT_TRUE(made);
    return std::move(*made);
  }
  vpc::Interface& InterfaceB() {
    return *std::ranges::find(setup_.network.interfaces, std::string("eni-b"), &vpc::Interface::id);
  }
  void LetIn(std::string group, vpc::GroupRule rule) {
    std::ranges::find(setup_.network.groups, group, &vpc::SecurityGroup::id)->rules.push_back(std::move(rule));
  }

  vpc::testing::NetworkFixture setup_;
  vpc::NetworkNames names_{.resolves = true, .domain = "ec2.internal", .addresses = {{"ip-10-0-1-11.ec2.internal", "10.0.1.11"}}};
};

constexpr uint32_t kB = 0x0a00010b;  // 10.0.1.11

// Broken: an address of the VPC that stands for nothing leads somewhere, or what is attached is not reached as its group says.
TEST_F(VpcProfileTest, OnlyWhatIsAttachedIsReached) {
  LetIn("sg-b", vpc::testing::In("tcp", 5432, "sg-a"));
  EXPECT_EQ(Decode(Make().bytes).At(kB, 6, 5432), ProfileVerdict::Refuse);
  InterfaceB().attached_to = "172.17.0.2";
  const Decoded attached = Decode(Make().bytes);
  EXPECT_EQ(attached.At(kB, 6, 5432), ProfileVerdict::Resource);
  EXPECT_EQ(attached.At(kB, 6, 5433), ProfileVerdict::Refuse);
  EXPECT_EQ(attached.At(kB, 17, 5432), ProfileVerdict::Refuse);
  EXPECT_EQ(attached.At(0x08080808, 6, 443), ProfileVerdict::Internet);
  EXPECT_EQ(attached.translations.front().real, 0xac110002u);
}

// Broken: what is on this machine is sent there by its link, where it is refused; or what is elsewhere goes through the relay.
TEST_F(VpcProfileTest, ThisMachineIsReachedByTheRelay) {
  for (const char* address : {"127.0.0.1", "192.168.1.5"}) {
    InterfaceB().attached_to = address;
    InterfaceB().attached_port = 15432;
    const VpcProfile profile = Make();
    EXPECT_EQ(Decode(profile.bytes).translations.front().kind, sandbox::TranslationKind::Relay);
    ASSERT_TRUE(profile.relayed.contains(kB));
    EXPECT_EQ(profile.relayed.at(kB).address, address);
    EXPECT_EQ(profile.relayed.at(kB).port, 15432);
  }
  InterfaceB().attached_to = "192.168.1.6";
  EXPECT_TRUE(Make().relayed.empty());
}

// Broken: a VPC without DNS has some, or its resolver's address leads nowhere.
TEST_F(VpcProfileTest, NamesFollowTheVpc) {
  const VpcProfile profile = Make();
  EXPECT_EQ(profile.names.at("ip-10-0-1-11.ec2.internal"), kB);
  EXPECT_EQ(Decode(profile.bytes).translations.back().address, 0x0a000002u);
  names_.resolves = false;
  const VpcProfile silent = Make();
  EXPECT_FALSE(silent.resolves);
  EXPECT_TRUE(Decode(silent.bytes).translations.empty());
}

// Broken: each port that a group lets in costs a rule for each resource, so that a usual network cannot be enforced.
TEST_F(VpcProfileTest, NeighbouringPortsAreOneRule) {
  InterfaceB().attached_to = "172.17.0.2";
  for (int port = 2000; port < 2040; ++port) LetIn("sg-b", vpc::testing::In("tcp", port, "sg-a"));
  LetIn("sg-b", vpc::testing::In("tcp", 5432, "sg-a"));
  const Decoded decoded = Decode(Make().bytes);
  EXPECT_EQ(std::ranges::count(decoded.rules, ProfileVerdict::Resource, &sandbox::ProfileRule::verdict), 2);
  for (const uint16_t port : {2000, 2039, 5432}) EXPECT_EQ(decoded.At(kB, 6, port), ProfileVerdict::Resource);
  for (const uint16_t port : {1999, 2040, 5433}) EXPECT_EQ(decoded.At(kB, 6, port), ProfileVerdict::Refuse);
}

// Broken: a network that cannot be enforced is enforced in part.
TEST_F(VpcProfileTest, TooManyRulesAreNone) {
  InterfaceB().attached_to = "172.17.0.2";
  const vpc::Interface one = InterfaceB();
  setup_.network.interfaces.insert(setup_.network.interfaces.end(), sandbox::kProfileTranslationsMax, one);
  EXPECT_FALSE(MakeVpcProfile(setup_.network, names_, "eni-a", {}));
  EXPECT_EQ(Decode(ClosedVpcProfile().bytes).At(0x08080808, 6, 443), ProfileVerdict::Refuse);
}

// Broken: mayfly net explain says of a VPC what the kernel does not do, or does not name the rule.
TEST_F(VpcProfileTest, TheRuleIsNamed) {
  LetIn("sg-b", vpc::testing::In("tcp", 5432, "sg-a"));
  const auto explain = [&](const char* address, uint16_t port) { return ExplainInVpc(setup_.network, "eni-a", NetworkPlan(), address, port, {}); };
  EXPECT_FALSE(explain("10.0.1.11", 5432).passes);
  EXPECT_THAT(explain("10.0.1.11", 5432).rule, HasSubstr("nothing answers"));
  InterfaceB().attached_to = "172.17.0.2";
  EXPECT_TRUE(explain("10.0.1.11", 5432).passes);
  EXPECT_THAT(explain("10.0.1.11", 5432).rule, HasSubstr("sgr-1"));
  EXPECT_THAT(explain("10.0.1.11", 80).rule, HasSubstr("no inbound rule"));
  EXPECT_TRUE(explain("8.8.8.8", 443).passes);
  EXPECT_FALSE(explain("192.168.7.7", 443).passes);
  EXPECT_FALSE(explain("169.254.169.254", 80).passes);
  EXPECT_TRUE(explain("10.0.0.2", 53).passes);
}

// Broken: a name of AWS's, or of a host in the VPC, is asked of the world.
TEST_F(VpcProfileTest, NamesOfTheVpcAreFound) {
  const auto find = [&](const char* name) { return FindInVpc(names_, "us-east-1", name); };
  EXPECT_EQ(find("sqs.us-east-1.amazonaws.com")->service, "sqs");
  EXPECT_EQ(find("bucket.s3.us-east-1.amazonaws.com")->service, "s3");
  EXPECT_EQ(find("IP-10-0-1-11.ec2.internal")->addresses, std::vector<std::string>{"10.0.1.11"});
  EXPECT_TRUE(find("ip-10-0-1-99.ec2.internal")->is_unknown);
  EXPECT_TRUE(find("host.mayfly.internal")->is_unknown);
  EXPECT_FALSE(find("example.com"));
  EXPECT_FALSE(find("10.0.1.11"));
}

}  // namespace
}  // namespace mayfly::uplink
