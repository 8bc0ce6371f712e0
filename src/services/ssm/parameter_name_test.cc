// If these fail, a name means another parameter than on AWS, or one is made that AWS would refuse.
#include "services/ssm/parameter_name.h"

#include <gtest/gtest.h>

#include "base/sim_loop.h"

namespace mayfly::ssm {
namespace {

class Names : public ::testing::Test {
 protected:
  Names() { ctx_.principal = {.account_id = "111122223333", .region = "eu-west-1"}; }
  ParameterReference Parse(std::string_view text) { return ParseReference(ctx_, text); }
  std::string Check(std::string_view name) {
    const auto checked = CheckName(Parse(name).key, name);
    return checked ? "" : checked.error().code;
  }

  SimLoop loop_;
  Context ctx_{loop_};
};

TEST_F(Names, AreTheSameWithAndWithoutASlashAtTheFront) {
  EXPECT_EQ(Parse("/db").key.Text(), "111122223333/eu-west-1/db");
  EXPECT_EQ(Parse("db").key.Text(), "111122223333/eu-west-1/db");
  EXPECT_EQ(Parse("/app/db").key.Text(), "111122223333/eu-west-1/app/db");
  EXPECT_EQ(Parse("/app/db").key.Arn(), "arn:aws:ssm:eu-west-1:111122223333:parameter/app/db");
  EXPECT_EQ(Parse("db").key.Arn(), "arn:aws:ssm:eu-west-1:111122223333:parameter/db");
}

TEST_F(Names, MayHaveASelector) {
  EXPECT_EQ(Parse("/app/db:3").selector, "3");
  EXPECT_EQ(Parse("/app/db:3").name, "/app/db");
  EXPECT_EQ(Parse("db:prod").selector, "prod");
  EXPECT_EQ(Parse("db").selector, "");
}

TEST_F(Names, MayBeArns) {
  const ParameterReference of_other = Parse("arn:aws:ssm:us-east-1:444455556666:parameter/app/db:7");
  EXPECT_EQ(of_other.key.Text(), "444455556666/us-east-1/app/db");
  EXPECT_EQ(of_other.name, "/app/db");
  EXPECT_EQ(of_other.selector, "7");
  EXPECT_EQ(Parse("arn:aws:ssm:us-east-1:444455556666:parameter/db").name, "db");
}

TEST_F(Names, AreRefusedAsAwsDoes) {
  for (const char* good : {"db", "/db", "/app/db", "a.b-c_D9", "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o"}) EXPECT_EQ(Check(good), "") << good;
  for (const char* bad : {"aws-thing", "SSM_x", "/ssm/x", "app/db", "a b", "/a//b", "/a/", "/", "ä", "a:b/c"}) EXPECT_EQ(Check(bad), "ValidationException") << bad;
  EXPECT_EQ(Check("/aws/service/x"), "AccessDeniedException");
  EXPECT_EQ(Check("/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p"), "HierarchyLevelLimitExceededException");
  EXPECT_EQ(Check("/" + std::string(1000, 'x')), "ValidationException");
}

TEST_F(Names, PathsToLookBelow) {
  for (const char* good : {"/", "/app", "/app/", "/a/b"}) EXPECT_TRUE(CheckPath(good)) << good;
  for (const char* bad : {"", "app", "/a//b", "/a b", "//"}) EXPECT_FALSE(CheckPath(bad)) << bad;
}

TEST_F(Names, Labels) {
  for (const char* good : {"prod", "v1.2-rc_3", "_x"}) EXPECT_TRUE(IsLabel(good)) << good;
  for (const char* bad : {"", "1st", "awsome", "SSM", "a b", "a/b"}) EXPECT_FALSE(IsLabel(bad)) << bad;
}

}  // namespace
}  // namespace mayfly::ssm
