// If these fail, a request reaches another function than the one it names.
#include "catalog/function_reference.h"

#include <gtest/gtest.h>

#include "base/sim_loop.h"

namespace mayfly::catalog {
namespace {

class FunctionReferenceTest : public testing::Test {
 protected:
  FunctionReferenceTest() {
    ctx_.principal.account_id = "111122223333";
    ctx_.principal.region = "eu-west-1";
  }
  SimLoop loop_;
  Context ctx_{loop_};
};

TEST_F(FunctionReferenceTest, AcceptsEveryFormOfName) {
  struct Case {
    const char* text;
    const char* account;
    const char* qualifier;
  };
  for (const Case& c : {Case{"f", "111122223333", ""}, Case{"f:live", "111122223333", "live"},
                        Case{"function:f", "111122223333", ""}, Case{"444455556666:function:f", "444455556666", ""},
                        Case{"444455556666:function:f:3", "444455556666", "3"},
                        Case{"arn:aws:lambda:eu-west-1:444455556666:function:f", "444455556666", ""},
                        Case{"arn:aws:lambda:eu-west-1:444455556666:function:f:$LATEST", "444455556666", "$LATEST"}}) {
    const auto reference = ParseFunctionReference(ctx_, c.text, "");
    ASSERT_TRUE(reference) << c.text;
    EXPECT_EQ(reference->name.name, "f") << c.text;
    EXPECT_EQ(reference->name.account_id, c.account) << c.text;
    EXPECT_EQ(reference->qualifier, c.qualifier) << c.text;
  }
}

TEST_F(FunctionReferenceTest, RefusesWhatDisagrees) {
  EXPECT_EQ(ParseFunctionReference(ctx_, "f:a", "b").error().message,
            "The derived qualifier from the function name does not match the specified qualifier.");
  EXPECT_TRUE(ParseFunctionReference(ctx_, "f:a", "a"));
  EXPECT_EQ(ParseFunctionReference(ctx_, "arn:aws:lambda:us-east-1:111122223333:function:f", "").error().message,
            "Functions from 'us-east-1' are not reachable in this region ('eu-west-1')");
}

TEST_F(FunctionReferenceTest, AnAliasIsNoNumber) {
  for (const char* name : {"live", "a1", "1a", "v-1_2"}) EXPECT_TRUE(IsAliasName(name)) << name;
  for (const char* name : {"", "1", "42", "$LATEST", "a$", "a.b"}) EXPECT_FALSE(IsAliasName(name)) << name;
}

TEST_F(FunctionReferenceTest, ArnsFollowThePartitionOfTheRegion) {
  EXPECT_EQ((FunctionName{"111122223333", "cn-north-1", "f"}.Arn()), "arn:aws-cn:lambda:cn-north-1:111122223333:function:f");
  EXPECT_EQ((FunctionName{"111122223333", "us-gov-west-1", "f"}.Arn()), "arn:aws-us-gov:lambda:us-gov-west-1:111122223333:function:f");
}

}  // namespace
}  // namespace mayfly::catalog
