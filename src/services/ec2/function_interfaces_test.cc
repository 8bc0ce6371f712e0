// If these fail, functions get interfaces that others miss, or their networks are told otherwise than they are.
#include "services/ec2/function_interfaces.h"

#include <gtest/gtest.h>

#include "base/sim_loop.h"
#include "vpc/reachability.h"

namespace mayfly::ec2 {
namespace {

const vpc::Scope kScope{"111122223333", "eu-west-1"};
const vpc::FunctionMember kLatest{kScope, "arn:aws:lambda:eu-west-1:111122223333:function:f:$LATEST"};
const vpc::FunctionMember kOne{kScope, "arn:aws:lambda:eu-west-1:111122223333:function:f:1"};

class FunctionInterfacesTest : public ::testing::Test {
 public:
  FunctionInterfacesTest() {
    Open();
    EXPECT_TRUE(loop_.Run(networks_->Edit(ctx_, kScope, [](RegionState&) { return Result<>(); })));
  }
  void Open() {
    functions_.reset();
    networks_.emplace(*store_, random_, loop_);
    functions_.emplace(*networks_);
    ASSERT_TRUE(loop_.Run(networks_->Open(ctx_)));
  }
  RegionState Region() { return networks_->Look(kScope); }
  // The first subnets of the default VPC, with its group.
  vpc::FunctionWish Wish(size_t subnets) {
    vpc::FunctionWish wish;
    for (const auto& subnet : Region().All<vpc::Subnet>()) {
      if (wish.subnet_ids.size() < subnets) wish.subnet_ids.push_back(subnet->id);
    }
    wish.group_ids = {Region().All<vpc::SecurityGroup>().front()->id};
    return wish;
  }
  bool Join(const vpc::FunctionMember& member, size_t subnets) {
    return loop_.Run(functions_->Join(ctx_, member, Wish(subnets))).has_value();
  }
  bool Keep(const vpc::FunctionMember& member, std::optional<vpc::FunctionWish> wish) {
    return loop_.Run(functions_->Keep(ctx_, member, std::move(wish))).has_value();
  }
  size_t Interfaces() { return Region().All<vpc::Interface>().size(); }

  SimLoop loop_;
  Context ctx_{loop_};
  SeededRandom random_{1};
  std::unique_ptr<store::Store> store_ = store::MakeMemoryStore(loop_);
  std::optional<Networks> networks_;
  std::optional<FunctionInterfaces> functions_;
};

TEST_F(FunctionInterfacesTest, OldAndNewStayUntilItIsSaidWhatIsTheCase) {
  EXPECT_TRUE(Join(kLatest, 1));
  EXPECT_EQ(Interfaces(), 1u);
  EXPECT_TRUE(Join(kLatest, 3));
  EXPECT_EQ(Interfaces(), 3u);
  Open();
  EXPECT_EQ(Interfaces(), 3u) << "after a restart";
  EXPECT_TRUE(Keep(kLatest, Wish(2)));
  EXPECT_EQ(Interfaces(), 2u);
  EXPECT_TRUE(Keep(kOne, Wish(1)));
  EXPECT_EQ(functions_->Attached(kScope, "arn:aws:lambda:eu-west-1:111122223333:function:f:").size(), 2u);
  EXPECT_TRUE(Keep(kLatest, std::nullopt));
  EXPECT_EQ(Interfaces(), 1u);
  EXPECT_TRUE(Keep(kOne, std::nullopt));
  EXPECT_EQ(Interfaces(), 0u);
  EXPECT_TRUE(functions_->ScopesWithAttached().empty());
}

TEST_F(FunctionInterfacesTest, LinksAndNetworksAreWhatTheRowsSay) {
  ASSERT_TRUE(Join(kLatest, 1));
  const auto links = functions_->LinksOf(kLatest);
  ASSERT_EQ(links.size(), 1u);
  const vpc::Block subnet = *vpc::ParseBlock(links[0].subnet_cidr);
  EXPECT_EQ(links[0].address, subnet.At(4).Text());
  EXPECT_EQ(links[0].gateway, subnet.At(1).Text());
  EXPECT_EQ(links[0].resolver, "172.31.0.2");
  EXPECT_TRUE(functions_->LinksOf(kOne).empty());
  const auto network = functions_->NetworkOf(kScope, links[0].vpc_id);
  ASSERT_TRUE(network);
  const auto verdict =
      vpc::Decide(*network, {.interface_id = links[0].interface_id, .destination = *vpc::ParseAddress("192.0.2.1"), .port = 443});
  EXPECT_FALSE(verdict.passes);
  EXPECT_NE(verdict.rule.find("it has no public address"), std::string::npos) << verdict.rule;
  EXPECT_FALSE(functions_->NetworkOf(kScope, "vpc-0"));
}

}  // namespace
}  // namespace mayfly::ec2
