// If these fail, a user does with its account's resources what its policies do not allow, or cannot do what they do.
#include "services/own_account.h"

#include <gtest/gtest.h>

#include "base/sim_loop.h"

namespace mayfly::services {
namespace {

// Users may do what stands there.
class Policies final : public identity::IdentityPolicies {
 public:
  bool IsAdministrator(const identity::RequestPrincipal& principal) const override { return principal.is_root(); }
  Result<> Authorize(const identity::PolicyRequest& request, const identity::ResourceSide&, std::span<const identity::PolicyPointer>) const override {
    asked = std::string(request.action) + " on " + std::string(request.resource);
    return asked == allowed ? Result<>() : Fail(identity::Denied(request, {}));
  }

  std::string allowed;
  mutable std::string asked;
};

class OwnAccountTest : public ::testing::Test {
 protected:
  Result<> Ask(const OwnAccount& authorizer, std::string arn) {
    Context ctx(loop_);
    ctx.principal = {.account_id = "111122223333", .arn = std::move(arn), .region = "eu-west-1"};
    return authorizer.Authorize(ctx, operation_, wire::Message());
  }

  SimLoop loop_;
  Policies policies_;
  wire::Operation operation_{.name = "GetParameter", .action = "ssm:GetParameter"};
  const std::string user_ = "arn:aws:iam::111122223333:user/u";
};

TEST_F(OwnAccountTest, TheRootMayDoEverything) {
  EXPECT_TRUE(Ask(OwnAccount(policies_, loop_), "arn:aws:iam::111122223333:root"));
  EXPECT_EQ(policies_.asked, "");
}

TEST_F(OwnAccountTest, AUserMayDoWhatItsPoliciesAllow) {
  policies_.allowed = "ssm:GetParameter on *";
  EXPECT_TRUE(Ask(OwnAccount(policies_, loop_), user_));
  policies_.allowed = "";
  const auto refused = Ask(OwnAccount(policies_, loop_), user_);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().IsService("AccessDeniedException"));
}

TEST_F(OwnAccountTest, PoliciesSeeWhatTheRequestIsAbout) {
  policies_.allowed = "ssm:GetParameter on arn:aws:ssm:eu-west-1:111122223333:parameter/p";
  const OwnAccount authorizer(policies_, loop_, [](const Context& ctx, const wire::Operation&, const wire::Message&) {
    return "arn:aws:ssm:" + ctx.principal.region + ":" + ctx.principal.account_id + ":parameter/p";
  });
  EXPECT_TRUE(Ask(authorizer, user_));
}

}  // namespace
}  // namespace mayfly::services
