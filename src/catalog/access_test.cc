// If these fail, a service, a function URL or another account gets at a function whose policy does not let it in.
#include "catalog/access.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "base/sim_loop.h"

namespace mayfly::catalog {
namespace {

using identity::ConditionKeys;
using identity::RequestPrincipal;

constexpr std::string_view kInvoke = "lambda:InvokeFunction";
const FunctionName kName{"111111111111", "us-east-1", "f"};
const RequestPrincipal kOwner{.account_id = "111111111111", .arn = "arn:aws:iam::111111111111:user/u"};
const RequestPrincipal kStranger{.account_id = "222222222222", .arn = "arn:aws:iam::222222222222:root"};

class AccessTest : public testing::Test {
 protected:
  static Task<Result<>> Store(Context& ctx, Tables& tables, std::string qualifier, std::string statement) {
    resources::Change change(tables.all);
    if (!tables.functions.Find(kName.Key())) {
      Function function;
      function.name = kName;
      MF_CO_TRY_VOID(change.Create(tables.functions, kName.Key(), std::move(function)));
      MF_CO_TRY_VOID(co_await change.Commit(ctx));
      co_return co_await Store(ctx, tables, std::move(qualifier), std::move(statement));
    }
    MF_CO_TRY(ResourcePolicy policy, ResourcePolicy::Make(fmt::format(R"({{"Version":"2012-10-17","Statement":[{}]}})", statement)));
    MF_CO_TRY_VOID(change.Put(tables.policies, PolicyKey(kName, qualifier), std::move(policy)));
    co_return co_await change.Commit(ctx);
  }
  static Task<Result<>> StoreForLayer(Context& ctx, Tables& tables, std::string key, std::string document) {
    resources::Change change(tables.all);
    LayerVersion version;
    version.code_sha256 = std::string(64, 'a');
    MF_CO_TRY_VOID(change.Create(tables.layer_versions, key, std::move(version)));
    MF_CO_TRY(ResourcePolicy policy, ResourcePolicy::Make(std::move(document), "r"));
    MF_CO_TRY_VOID(change.Put(tables.layer_policies, key, std::move(policy)));
    co_return co_await change.Commit(ctx);
  }

  void SetPolicy(std::string_view qualifier, std::string_view statement) {
    const auto stored = loop_.Run(Store(ctx_, tables_, std::string(qualifier), std::string(statement)));
    ASSERT_TRUE(stored) << stored.error().message;
  }
  bool Allows(const RequestPrincipal& principal, std::string_view qualifier = "", const ConditionKeys& keys = {}, std::string_view action = kInvoke) {
    return access_.Authorize(principal, action, {kName, std::string(qualifier)}, keys).has_value();
  }

  SimLoop loop_;
  std::unique_ptr<store::Store> store_ = store::MakeMemoryStore(loop_, 1, {});
  Context ctx_{loop_};
  Tables tables_{*store_};
  identity::AdministratorsOnly identities_;
  Access access_{tables_, identities_, loop_};
};

TEST_F(AccessTest, WithoutAPolicyOnlyTheOwnerComesIn) {
  EXPECT_TRUE(Allows(kOwner));
  EXPECT_TRUE(Allows(kOwner, "live"));
  EXPECT_TRUE(access_.IsUnrestricted(kOwner));
  EXPECT_FALSE(Allows(kStranger));
  EXPECT_FALSE(Allows(RequestPrincipal::Service("s3.amazonaws.com")));
  EXPECT_FALSE(Allows(RequestPrincipal::Anonymous()));
}

TEST_F(AccessTest, AServiceComesInForItsSource) {
  SetPolicy("", R"({"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction",
      "Resource":"arn:aws:lambda:us-east-1:111111111111:function:f","Condition":{"StringEquals":{"AWS:SourceAccount":"111111111111"},
      "ArnLike":{"AWS:SourceArn":"arn:aws:s3:::bucket"}}})");
  const auto from = [](std::string_view arn, std::string_view account) {
    ConditionKeys keys;
    keys.Add("aws:SourceArn", arn).Add("aws:SourceAccount", account);
    return keys;
  };
  const RequestPrincipal s3 = RequestPrincipal::Service("s3.amazonaws.com");
  EXPECT_TRUE(Allows(s3, "", from("arn:aws:s3:::bucket", "111111111111")));
  EXPECT_FALSE(Allows(s3, "", from("arn:aws:s3:::other", "111111111111")));
  EXPECT_FALSE(Allows(s3, "", from("arn:aws:s3:::bucket", "222222222222")));
  EXPECT_FALSE(Allows(s3));
  EXPECT_FALSE(Allows(s3, "live", from("arn:aws:s3:::bucket", "111111111111")));
  EXPECT_FALSE(Allows(RequestPrincipal::Service("sns.amazonaws.com"), "", from("arn:aws:s3:::bucket", "111111111111")));
  EXPECT_TRUE(Allows(kOwner));
  EXPECT_FALSE(access_.IsUnrestricted(kOwner));
}

TEST_F(AccessTest, AFunctionUrlIsOpenWhenBothActionsAre) {
  SetPolicy("", R"({"Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunctionUrl","Resource":"*",
      "Condition":{"StringEquals":{"lambda:FunctionUrlAuthType":"NONE"}}},
      {"Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunction","Resource":"*","Condition":{"Bool":{"lambda:InvokedViaFunctionUrl":"true"}}})");
  const RequestPrincipal nobody = RequestPrincipal::Anonymous();
  const auto with = [](std::string_view key, std::string_view value) {
    ConditionKeys keys;
    keys.Add(key, value);
    return keys;
  };
  EXPECT_TRUE(Allows(nobody, "", with("lambda:FunctionUrlAuthType", "NONE"), "lambda:InvokeFunctionUrl"));
  EXPECT_FALSE(Allows(nobody, "", with("lambda:FunctionUrlAuthType", "AWS_IAM"), "lambda:InvokeFunctionUrl"));
  EXPECT_TRUE(Allows(nobody, "", with("lambda:InvokedViaFunctionUrl", "true")));
  EXPECT_FALSE(Allows(nobody));
}

TEST_F(AccessTest, TheFunctionsPolicyAndThatOfTheQualifierCountTogether) {
  SetPolicy("", R"({"Effect":"Deny","Principal":"*","Action":"*","Resource":"arn:aws:lambda:us-east-1:111111111111:function:f:*",
      "Condition":{"StringEquals":{"aws:PrincipalAccount":"333333333333"}}})");
  SetPolicy("live", R"({"Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunction","Resource":"arn:aws:lambda:us-east-1:111111111111:function:f:live"})");
  EXPECT_TRUE(Allows(kStranger, "live"));
  EXPECT_FALSE(Allows(kStranger, "1"));
  EXPECT_FALSE(Allows(kStranger));
  EXPECT_FALSE(Allows({.account_id = "333333333333", .arn = "arn:aws:iam::333333333333:root"}, "live"));
}

TEST_F(AccessTest, LatestIsNotTheFunction) {
  SetPolicy("", R"({"Effect":"Allow","Principal":{"AWS":"222222222222"},"Action":"*","Resource":"arn:aws:lambda:us-east-1:111111111111:function:f"})");
  EXPECT_TRUE(Allows(kStranger));
  EXPECT_FALSE(Allows(kStranger, "$LATEST"));
}

TEST_F(AccessTest, Layers) {
  constexpr std::string_view kArn = "arn:aws:lambda:us-east-1:111111111111:layer:l:1";
  const std::string key = "111111111111/us-east-1/l/0000000001";
  const auto allows = [&](const RequestPrincipal& principal, std::string_view action) {
    return access_.AuthorizeLayer(principal, action, {"111111111111", kArn, key}).has_value();
  };
  EXPECT_TRUE(allows(kOwner, "lambda:GetLayerVersion"));
  EXPECT_FALSE(allows(kStranger, "lambda:GetLayerVersion"));
  const std::string document = fmt::format(
      R"({{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":"*","Action":"lambda:GetLayerVersion","Resource":"{}"}}]}})", kArn);
  ASSERT_TRUE(loop_.Run(StoreForLayer(ctx_, tables_, key, document)));
  EXPECT_TRUE(allows(kStranger, "lambda:GetLayerVersion"));
  EXPECT_FALSE(allows(kStranger, "lambda:DeleteLayerVersion"));
  EXPECT_TRUE(allows(kOwner, "lambda:DeleteLayerVersion"));
}

TEST_F(AccessTest, PoliciesAreReadAgainAfterARestart) {
  SetPolicy("", R"({"Effect":"Allow","Principal":{"AWS":"222222222222"},"Action":"*","Resource":"*"})");
  Tables reopened(*store_);
  ASSERT_TRUE(loop_.Run(reopened.all.Open(ctx_)));
  const Access access(reopened, identities_, loop_);
  EXPECT_TRUE(access.Authorize(kStranger, kInvoke, {kName, ""}));
  EXPECT_FALSE(access.Authorize(RequestPrincipal::Anonymous(), "lambda:GetFunction", {{"111111111111", "us-east-1", "g"}, ""}));
}

TEST_F(AccessTest, AMemberOfTheOrganizationIsLetIn) {
  SetPolicy("", R"({"Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunction","Resource":"*",)"
                R"("Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}})");
  EXPECT_FALSE(Allows(kStranger)) << "nobody is in an organization";
  const Access access(tables_, identities_, loop_, *identity::Organizations::Parse({"o-a1b2c3d4e5=222222222222"}));
  EXPECT_TRUE(access.Authorize(kStranger, kInvoke, {kName, ""}));
  const RequestPrincipal other{.account_id = "333333333333", .arn = "arn:aws:iam::333333333333:root"};
  EXPECT_FALSE(access.Authorize(other, kInvoke, {kName, ""}));
}

}  // namespace
}  // namespace mayfly::catalog
