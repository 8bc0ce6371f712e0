// If these fail, scaling changes provisioned concurrency otherwise than a client could, or as somebody else than the account that asked.
#include "services/autoscaling/function_capacity.h"

#include <gtest/gtest.h>

#include "base/sim_loop.h"
#include "model/lambda_fake.h"

namespace mayfly::autoscaling {
namespace {

class Provisioned final : public invoke::ProvisionedCapacity {
 public:
  bool Exists(const catalog::SettingOwner& owner) const override { return owner.qualifier == "live"; }
  int Requested(const catalog::SettingOwner& owner) const override { return owner.function.name == "f" ? 3 : 0; }
  double TakeUtilization(const catalog::SettingOwner&) override { return 0.5; }
};

class Lambda final : public lambda::FakeHandler {
 public:
  Task<Result<lambda::PutProvisionedConcurrencyConfigResponse>> PutProvisionedConcurrencyConfig(Context& ctx,
                                                                                               lambda::PutProvisionedConcurrencyConfigRequest request) override {
    calls.push_back(ctx.principal.arn + " put " + request.function_name + ':' + request.qualifier + ' ' + std::to_string(request.provisioned_concurrent_executions));
    if (request.provisioned_concurrent_executions > 100) co_return Fail(Error::Service("InvalidParameterValueException", "too many"));
    co_return lambda::PutProvisionedConcurrencyConfigResponse();
  }
  Task<Result<>> DeleteProvisionedConcurrencyConfig(Context& ctx, lambda::DeleteProvisionedConcurrencyConfigRequest request) override {
    calls.push_back(ctx.principal.arn + " delete " + request.function_name + ':' + request.qualifier);
    co_return Result<>();
  }
  std::vector<std::string> calls;
};

class FunctionCapacityTest : public ::testing::Test {
 protected:
  FunctionCapacityTest() {
    directory_.Register(endpoint_);
    ctx_.principal = {.account_id = "111122223333", .region = "eu-west-1", .arn = "arn:aws:iam::111122223333:root"};
  }

  SimLoop loop_;
  Context ctx_{loop_};
  SeededRandom random_{1};
  Lambda lambda_;
  lambda::Handlers handlers_ = lambda_.handlers();
  wire::Endpoint endpoint_{lambda::kService, &handlers_};
  wire::Directory directory_{random_};
  Provisioned provisioned_;
  FunctionCapacity capacity_{provisioned_, directory_};
  const TargetName live_{"111122223333", "eu-west-1", "function:f:live"};
  const TargetName other_{"111122223333", "eu-west-1", "function:g:gone"};
};

TEST_F(FunctionCapacityTest, LooksThroughLambdasPort) {
  EXPECT_EQ(capacity_.Find(live_), 3);
  EXPECT_EQ(capacity_.Find(other_), 0);
  EXPECT_EQ(capacity_.TakeUtilization(live_), 0.5);
  EXPECT_TRUE(capacity_.CheckExists(live_));
  EXPECT_EQ(capacity_.CheckExists(other_).error().message, "Resource does not exist: function:g:gone is no version or alias of a function");
}

TEST_F(FunctionCapacityTest, AsksForLambdasOwnOperations) {
  ASSERT_TRUE(loop_.Run(capacity_.Set(ctx_, live_, 5)));
  ASSERT_TRUE(loop_.Run(capacity_.Set(ctx_, live_, 0)));
  EXPECT_EQ(lambda_.calls, (std::vector<std::string>{"arn:aws:iam::111122223333:root put f:live 5", "arn:aws:iam::111122223333:root delete f:live"}));
  EXPECT_EQ(loop_.Run(capacity_.Set(ctx_, live_, 101)).error().message, "too many");
}

}  // namespace
}  // namespace mayfly::autoscaling
