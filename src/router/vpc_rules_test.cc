#include "router/vpc_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mayfly::router {
namespace {

using sandbox::ProfileRule;
using sandbox::ProfileTranslation;
using sandbox::ProfileVerdict;
using sandbox::TranslationKind;
using ::testing::HasSubstr;

std::string BytesOf(const std::vector<ProfileRule>& rules, const std::vector<ProfileTranslation>& translations) {
  const sandbox::RouterProfile head{static_cast<uint32_t>(rules.size()), static_cast<uint32_t>(translations.size())};
  std::string bytes(reinterpret_cast<const char*>(&head), sizeof head);
  bytes.append(reinterpret_cast<const char*>(rules.data()), rules.size() * sizeof(ProfileRule));
  bytes.append(reinterpret_cast<const char*>(translations.data()), translations.size() * sizeof(ProfileTranslation));
  return bytes;
}

ProfileRule Database() {
  return {.destination = {10, 0, 1, 5}, .port_low = 5432, .port_high = 5432, .bits = 32, .is_v6 = 0, .protocol = 6,
          .verdict = ProfileVerdict::Resource};
}

// Broken: a group's rule lets something else pass than it says.
TEST(VpcRules, ARuleTakesWhatTheConnectionWasBegunTo) {
  const auto profile = ReadProfile(BytesOf({Database()}, {}));
  ASSERT_TRUE(profile);
  EXPECT_THAT(PutProfileCommands(7, *profile), HasSubstr("add rule inet mayfly p7 meta nfproto ipv4 ct original ip daddr 10.0.1.5/32 meta l4proto 6 "
                                                         "ct original proto-dst 5432-5432 goto network_resource\nadd rule inet mayfly p7 goto refuse\n"));
}

// Broken: an attached resource is elsewhere.
TEST(VpcRules, AddressesStandForResources) {
  const auto profile = ReadProfile(BytesOf({}, {{0x0a000105, 0xac110002, TranslationKind::Address, 0},
                                                {0x0a000106, 0xac110003, TranslationKind::Address, 15432},
                                                {0x0a000107, 0, TranslationKind::Relay, 0},
                                                {0x0a000002, 0, TranslationKind::NameServer, 0}}));
  ASSERT_TRUE(profile);
  const std::string commands = PutProfileCommands(3, *profile);
  EXPECT_THAT(commands, HasSubstr("n3 ip daddr 10.0.1.5 dnat ip to 172.17.0.2\n"));
  EXPECT_THAT(commands, HasSubstr("n3 ip daddr 10.0.1.6 meta l4proto { tcp, udp } dnat ip to 172.17.0.3:15432\n"));
  EXPECT_THAT(commands, HasSubstr("n3 ip daddr 10.0.1.7 meta l4proto tcp dnat ip to 169.254.100.4:1\n"));
  EXPECT_THAT(commands, HasSubstr("n3 ip daddr 10.0.0.2 meta l4proto { tcp, udp } th dport 53 dnat ip to 169.254.100.3:53\n"));
}

// Broken: the privileged program takes what is no profile.
TEST(VpcRules, WhatIsNoProfileIsRefused) {
  const std::string good = BytesOf({Database()}, {});
  EXPECT_TRUE(ReadProfile(good));
  EXPECT_FALSE(ReadProfile(""));
  EXPECT_FALSE(ReadProfile(good.substr(0, good.size() - 1)));
  EXPECT_FALSE(ReadProfile(good + "x"));
  const auto refused = [](auto change) {
    ProfileRule rule = Database();
    change(rule);
    return !ReadProfile(BytesOf({rule}, {}));
  };
  EXPECT_TRUE(refused([](ProfileRule& rule) { rule.bits = 33; }));
  EXPECT_TRUE(refused([](ProfileRule& rule) { rule.is_v6 = 2; }));
  EXPECT_TRUE(refused([](ProfileRule& rule) { rule.protocol = 58; }));
  EXPECT_TRUE(refused([](ProfileRule& rule) { rule.port_low = 6000; }));
  EXPECT_TRUE(refused([](ProfileRule& rule) { rule.verdict = static_cast<ProfileVerdict>(9); }));
  EXPECT_FALSE(ReadProfile(BytesOf({}, {{1, 2, static_cast<TranslationKind>(9), 0}})));
  EXPECT_FALSE(ReadProfile(BytesOf({}, {{1, 2, TranslationKind::Address, 70'000}})));
  EXPECT_FALSE(ReadProfile(BytesOf(std::vector<ProfileRule>(sandbox::kProfileRulesMax + 1, Database()), {})));
}

// Broken: a cage goes by two networks, or, when it leaves one, by everybody's.
TEST(VpcRules, ACageGoesByOneThing) {
  const uint32_t cage = sandbox::CageAddressOf(7);
  EXPECT_EQ(MoveCommands(cage, 3, 3), "");
  EXPECT_THAT(MoveCommands(cage, kEverybodys, 3), HasSubstr("add element inet mayfly members4 { 169.254.101.7 : goto p3 }\n"));
  const std::string shut = MoveCommands(cage, 3, kNothing);
  EXPECT_THAT(shut, HasSubstr("delete element inet mayfly members6 { fd6d:6179:666c:7900::a9fe:6507 : goto p3 }\n"));
  EXPECT_THAT(shut, HasSubstr("add element inet mayfly members4 { 169.254.101.7 : goto refuse }\n"));
  EXPECT_THAT(shut, HasSubstr("add element inet mayfly translated4 { 169.254.101.7 : accept }\n"));
}

}  // namespace
}  // namespace mayfly::router
