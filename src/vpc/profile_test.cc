// If these fail, environments of functions in a VPC may begin connections that AWS refuses, or may not begin those that pass there.
#include "vpc/profile.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "vpc/network_fixture.h"
#include "vpc/testing/setup.h"

namespace mayfly::vpc {
namespace {

const ProfileRule* FirstRule(const std::vector<ProfileRule>& profile, const Connection& connection) {
  const auto found = std::ranges::find_if(profile, [&](const ProfileRule& rule) {
    return rule.destination.Contains(connection.destination) && (rule.protocol.empty() || rule.protocol == connection.protocol) &&
           rule.port_low <= connection.port && connection.port <= rule.port_high;
  });
  return found == profile.end() ? nullptr : &*found;
}

TEST(Profile, SaysWhatTheModelSays) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    const testing::Setup setup(seed);
    std::string of;
    std::vector<ProfileRule> profile;
    for (const Connection& connection : setup.connections()) {
      if (of != connection.interface_id) profile = ProfileOf(setup.network(), of = connection.interface_id);
      const ProfileRule* rule = FirstRule(profile, connection);
      const Verdict verdict = Decide(setup.network(), connection);
      const std::string said = rule ? rule->verdict.rule : "no rule";
      ASSERT_EQ(rule && rule->verdict.passes, verdict.passes)
          << "seed " << seed << ": " << of << " to " << connection.destination.Text() << ":" << connection.port << "\n"
          << said << "\n"
          << verdict.rule;
    }
  }
}

TEST(Profile, NamesThePortsThatPass) {
  testing::NetworkFixture setup;
  setup.group("sg-b").rules.push_back(testing::In("tcp", 5432, "sg-a"));
  const auto profile = ProfileOf(setup.network, "eni-a");
  const auto rule =
      std::ranges::find_if(profile, [](const ProfileRule& one) { return one.destination.Text() == "10.0.1.11/32" && one.verdict.passes; });
  ASSERT_NE(rule, profile.end());
  EXPECT_EQ(rule->protocol, "tcp");
  EXPECT_EQ(rule->port_low, 5432);
  EXPECT_EQ(rule->port_high, 5432);
  EXPECT_EQ(rule->verdict.way, Way::Local);
  EXPECT_EQ(FirstRule(profile, {.interface_id = "eni-a", .destination = *ParseAddress("192.0.2.1"), .port = 443})->verdict.way, Way::Nat);
  EXPECT_FALSE(FirstRule(profile, {.interface_id = "eni-a", .destination = *ParseAddress("10.0.7.7"), .port = 443})->verdict.passes);
}

}  // namespace
}  // namespace mayfly::vpc
