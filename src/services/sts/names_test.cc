// If these fail, a caller is told to be somebody else, or credentials stand for another role than was asked for.
#include "services/sts/names.h"

#include <gtest/gtest.h>

namespace mayfly::sts {
namespace {

std::string UserIdOfArn(std::string arn) { return UserIdOf({.account_id = "111122223333", .arn = std::move(arn)}); }

TEST(RoleArn, IsTakenApart) {
  const auto role = ParseRoleArn("arn:aws:iam::111122223333:role/teams/blue/deploy");
  ASSERT_TRUE(role);
  EXPECT_EQ(role->account_id, "111122223333");
  EXPECT_EQ(role->name, "deploy");
  EXPECT_EQ(role->SessionArn("me"), "arn:aws:sts::111122223333:assumed-role/deploy/me");
}

TEST(RoleArn, RefusesWhatIsNone) {
  for (const char* arn : {"", "deploy", "arn:aws:iam::111122223333:user/u", "arn:aws:iam::111122223333:role/", "arn:aws:iam::111122223333:role/a/",
                          "arn:aws:iam::1111:role/deploy", "arn:aws:sts::111122223333:assumed-role/deploy/me", "arn:aws:iam:us-east-1:111122223333:role/r"}) {
    const auto role = ParseRoleArn(arn);
    ASSERT_FALSE(role) << arn;
    EXPECT_TRUE(role.error().IsService("ValidationException"));
  }
}

TEST(UserId, HasTheFormOfItsKind) {
  EXPECT_EQ(UserIdOfArn("arn:aws:iam::111122223333:root"), "111122223333");
  EXPECT_EQ(UserIdOfArn("arn:aws:sts::111122223333:federated-user/bob"), "111122223333:bob");
  const std::string user = UserIdOfArn("arn:aws:iam::111122223333:user/u");
  EXPECT_TRUE(user.starts_with("AIDA"));
  EXPECT_EQ(user.size(), 21u);
  EXPECT_EQ(user, UserIdOfArn("arn:aws:iam::111122223333:user/u"));
  EXPECT_NE(user, UserIdOfArn("arn:aws:iam::111122223333:user/v"));
}

TEST(UserId, OfASessionBeginsWithItsRoles) {
  const Role role{"111122223333", "deploy"};
  EXPECT_EQ(UserIdOfArn(role.SessionArn("me")), role.Id() + ":me");
  EXPECT_EQ(role.Id(), ParseRoleArn("arn:aws:iam::111122223333:role/teams/deploy")->Id());
  EXPECT_NE(role.Id(), (Role{"111122223333", "other"}.Id()));
  EXPECT_NE(role.Id(), (Role{"444455556666", "deploy"}.Id()));
}

TEST(Session, IsWhatStsHasGiven) {
  EXPECT_TRUE(IsSession("arn:aws:sts::111122223333:assumed-role/deploy/me"));
  EXPECT_TRUE(IsSession("arn:aws:sts::111122223333:federated-user/bob"));
  EXPECT_FALSE(IsSession("arn:aws:iam::111122223333:root"));
  EXPECT_FALSE(IsSession("arn:aws:iam::111122223333:user/u"));
  EXPECT_FALSE(IsSession(""));
}

}  // namespace
}  // namespace mayfly::sts
