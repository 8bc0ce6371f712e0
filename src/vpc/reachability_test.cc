// If these fail, somebody is told that a connection passes which AWS refuses, or the other way round, or for another reason.
#include "vpc/reachability.h"

#include <gtest/gtest.h>

#include "vpc/network_fixture.h"

namespace mayfly::vpc {
namespace {

using testing::In;
using testing::Out;

class Reachability : public ::testing::Test {
 protected:
  Verdict From(std::string id, std::string_view destination, int port = 5432, std::string_view protocol = "tcp") {
    return Decide(setup.network,
                  {.interface_id = std::move(id), .destination = *ParseAddress(destination), .port = port, .protocol = protocol});
  }
  std::string RefusedBy(std::string id, std::string_view destination, int port = 5432) {
    const Verdict verdict = From(std::move(id), destination, port);
    EXPECT_FALSE(verdict.passes) << verdict.rule;
    return verdict.rule;
  }
  testing::NetworkFixture setup;
};

TEST_F(Reachability, NothingComesInWithoutARule) {
  EXPECT_EQ(RefusedBy("eni-a", "10.0.1.11"), "sg-b of eni-b: no inbound rule lets it pass");
  setup.group("sg-b").rules.push_back(In("tcp", 5432, "10.0.1.0/24"));
  const Verdict verdict = From("eni-a", "10.0.1.11");
  EXPECT_TRUE(verdict.passes) << verdict.rule;
  EXPECT_EQ(verdict.way, Way::Local);
  EXPECT_EQ(verdict.rule, "sg-b: inbound rule sgr-1");
  EXPECT_FALSE(From("eni-a", "10.0.1.11", 5433).passes);
  EXPECT_FALSE(From("eni-a", "10.0.1.11", 5432, "udp").passes);
  EXPECT_FALSE(From("eni-c", "10.0.1.11").passes);
}

TEST_F(Reachability, AGroupStandsForItsInterfaces) {
  setup.group("sg-b").rules.push_back(In("tcp", 5432, "sg-c"));
  EXPECT_TRUE(From("eni-c", "10.0.1.11").passes);
  EXPECT_FALSE(From("eni-a", "10.0.1.11").passes);
  setup.network.interfaces[0].group_ids.push_back("sg-c");
  EXPECT_TRUE(From("eni-a", "10.0.1.11").passes);
}

TEST_F(Reachability, NothingGoesOutWithoutARule) {
  setup.group("sg-b").rules.push_back(In("-1", -1, "0.0.0.0/0"));
  setup.group("sg-a").rules = {Out("tcp", 443, "0.0.0.0/0")};
  EXPECT_EQ(RefusedBy("eni-a", "10.0.1.11"), "sg-a of eni-a: no outbound rule lets it pass");
  EXPECT_TRUE(From("eni-a", "10.0.1.11", 443).passes);
}

TEST_F(Reachability, AclsLookAtWhatCrossesSubnets) {
  setup.group("sg-b").rules.push_back(In("-1", -1, "0.0.0.0/0"));
  setup.acl("acl-private").entries.clear();
  EXPECT_TRUE(From("eni-a", "10.0.1.11").passes);
  EXPECT_EQ(RefusedBy("eni-c", "10.0.1.11"), "acl-private of subnet-private: inbound no entry lets it pass");
  setup.acl("acl-private").entries = {
      {.number = 50, .egress = false, .protocol = "6", .allow = false, .cidr = "10.0.0.10/32", .from_port = 0, .to_port = 1024},
      {.number = 60, .egress = false, .allow = true, .cidr = "0.0.0.0/0"}};
  EXPECT_EQ(RefusedBy("eni-c", "10.0.1.11", 80), "acl-private of subnet-private: inbound entry 50 refuses it");
  EXPECT_EQ(RefusedBy("eni-c", "10.0.1.11"), "acl-private of subnet-private: outbound no entry lets it pass (the answer)");
  setup.acl("acl-private")
      .entries.push_back(
          {.number = 10, .egress = true, .protocol = "6", .allow = true, .cidr = "10.0.0.0/24", .from_port = 32'768, .to_port = 60'999});
  EXPECT_TRUE(From("eni-c", "10.0.1.11").passes);
}

TEST_F(Reachability, TheInternetIsReachedThroughANatGateway) {
  const Verdict verdict = From("eni-a", "192.0.2.1", 443);
  EXPECT_TRUE(verdict.passes) << verdict.rule;
  EXPECT_EQ(verdict.way, Way::Nat);
  setup.acl("acl-public").entries.erase(setup.acl("acl-public").entries.begin());
  EXPECT_EQ(RefusedBy("eni-a", "192.0.2.1", 443), "acl-public of subnet-public: outbound no entry lets it pass");
}

TEST_F(Reachability, WithoutAPublicAddressAnInternetGatewayIsNoWay) {
  EXPECT_EQ(RefusedBy("eni-c", "192.0.2.1", 443), "eni-c: it has no public address, without which nothing passes igw-1");
  ElasticAddress address;
  address.interface_id = "eni-c";
  setup.network.addresses.push_back(address);
  EXPECT_EQ(From("eni-c", "192.0.2.1", 443).way, Way::Internet);
}

TEST_F(Reachability, WithoutARouteThereIsNoWay) {
  setup.network.route_tables[2].routes.clear();
  EXPECT_EQ(RefusedBy("eni-a", "192.0.2.1", 443), "rtb-private: no route to 192.0.2.1");
  setup.network.route_tables[2].routes = {{.destination = "192.0.2.0/24", .target = "nat-gone"},
                                          {.destination = "0.0.0.0/0", .target = "nat-1"}};
  EXPECT_EQ(RefusedBy("eni-a", "192.0.2.1", 443), "rtb-private: the route to 192.0.2.0/24 leads to nat-gone, where nothing passes");
  EXPECT_TRUE(From("eni-a", "198.51.100.1", 443).passes);
  EXPECT_EQ(RefusedBy("eni-a", "10.0.7.7"), "10.0.7.7: no interface has this address");
}

TEST_F(Reachability, AGatewayEndpointIsAWayOfItsOwn) {
  setup.network.route_tables[2].routes.clear();
  setup.network.prefix_lists.push_back({.id = "pl-1", .name = "com.amazonaws.us-east-1.s3", .blocks = {*ParseBlock("192.0.2.0/24")}});
  Endpoint endpoint;
  endpoint.id = "vpce-1";
  endpoint.service_name = "com.amazonaws.us-east-1.s3";
  endpoint.route_table_ids = {"rtb-private"};
  setup.network.endpoints.push_back(endpoint);
  EXPECT_EQ(From("eni-a", "192.0.2.1", 443).way, Way::Endpoint);
  setup.group("sg-a").rules = {Out("tcp", 443, "10.0.0.0/8")};
  EXPECT_FALSE(From("eni-a", "192.0.2.1", 443).passes);
  setup.group("sg-a").rules.front().cidr.clear();
  setup.group("sg-a").rules.front().prefix_list_id = "pl-1";
  EXPECT_TRUE(From("eni-a", "192.0.2.1", 443).passes);
}

TEST_F(Reachability, AFamilyNeedsAnAddressOfItsOwn) {
  EXPECT_EQ(RefusedBy("eni-a", "2001:db8::1"), "eni-a: it has no address of this family");
}

}  // namespace
}  // namespace mayfly::vpc
