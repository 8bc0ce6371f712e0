#include "uplink/network_options.h"

#include <gtest/gtest.h>

#include "uplink/explain.h"

namespace mayfly::uplink {
namespace {

Result<NetworkPlan> Plan(std::string reach, Trust trust = Trust::OwnMachine) {
  NetworkOptions options;
  options.reach = std::move(reach);
  return PlanNetwork(options, trust, 4566);
}

bool Passes(const NetworkPlan& plan, const std::string& address, uint16_t port) {
  auto explained = Explain(plan, address, port, {"198.51.100.2"});
  return explained && explained->passes;
}

// Broken: a server's functions reach what only a developer's may, or a developer's do not.
TEST(NetworkPlan, DefaultsFollowTheMode) {
  EXPECT_EQ(Plan("")->Text(), "internet,private,host=1-4565,4567-65535");
  EXPECT_EQ(Plan("", Trust::Strict)->Text(), "internet");
}

// Broken: what an operator writes means something else.
TEST(NetworkPlan, IsReadAsItIsWritten) {
  for (const char* text : {"none", "internet", "internet,private", "internet,host=5432,8000-8010", "host=22,allow=10.1.0.0/16:5432-5432"}) {
    auto plan = Plan(text);
    ASSERT_TRUE(plan) << text;
    EXPECT_EQ(Plan(plan->Text())->Text(), plan->Text());
  }
  EXPECT_EQ(Plan("internet, allow=10.1.2.3, allow=[fd00:1::/64]:443")->Text(), "internet,allow=10.1.2.3:0-65535,allow=[fd00:1::/64]:443");
  EXPECT_EQ(Plan("internet,allow=fd00:1::7")->allowed[0].network, "fd00:1::7");
}

// Broken: a mistake opens something, or is passed over.
TEST(NetworkPlan, MistakesAreTold) {
  for (const char* text : {"everything", "internet;private", "host=", "host=0", "host=70000", "host=90-80", "5432", "internet,5432", "allow=", "allow=10.0.0.0/33",
                           "allow=example.com:80", "allow=10.0.0.1:x", "none,internet", "internet,,private"}) {
    EXPECT_FALSE(Plan(text)) << text;
  }
}

// Broken: the explanation is another than the rules.
TEST(Explain, FollowsTheRules) {
  const NetworkPlan open = *Plan("");
  const NetworkPlan strict = *Plan("", Trust::Strict);
  EXPECT_TRUE(Passes(open, "203.0.113.1", 443) && Passes(strict, "203.0.113.1", 443) && Passes(strict, "2001:db8::1", 443));
  EXPECT_TRUE(Passes(open, "10.1.2.3", 80) && !Passes(strict, "10.1.2.3", 80) && !Passes(strict, "172.31.255.255", 80) && Passes(strict, "172.32.0.0", 80));
  EXPECT_TRUE(Passes(open, "169.254.100.4", 5432) && !Passes(open, "169.254.100.4", 4566) && !Passes(strict, "169.254.100.4", 5432));
  EXPECT_FALSE(Passes(open, "198.51.100.2", 80));
  for (const char* never : {"169.254.169.254", "127.0.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "fd00:ec2::254", "fe80::1", "ff02::1", "::1"}) {
    EXPECT_FALSE(Passes(open, never, 80)) << never;
  }
  EXPECT_FALSE(Explain(open, "example.com", 80, {}));
}

// Broken: an exception is wider than it was written, or none.
TEST(Explain, AllowsWhatIsAllowed) {
  const NetworkPlan plan = *Plan("internet,allow=10.1.0.0/16:5432,allow=169.254.169.254:80");
  EXPECT_TRUE(Passes(plan, "10.1.255.255", 5432) && !Passes(plan, "10.1.0.1", 5433) && !Passes(plan, "10.2.0.0", 5432));
  EXPECT_TRUE(Passes(plan, "169.254.169.254", 80));
  const NetworkPlan only = *Plan("private");
  EXPECT_TRUE(Passes(only, "192.168.7.7", 80) && !Passes(only, "203.0.113.1", 80));
  EXPECT_FALSE(Passes(*Plan("none"), "203.0.113.1", 80));
}

}  // namespace
}  // namespace mayfly::uplink
