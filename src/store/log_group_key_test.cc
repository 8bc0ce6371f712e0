// If these fail, groups of two accounts, or of two names, are one.
#include "store/log_group_key.h"

#include <gtest/gtest.h>

namespace mayfly::store {
namespace {

TEST(LogGroupKey, TellsNamesApartAndComesBack) {
  for (const LogGroupName name : {LogGroupName{"111122223333", "us-east-1", "/aws/lambda/f"}, {"111122223333", "us-east-1", "aws/lambda/f"}, {"1", "r", "x"}}) {
    EXPECT_EQ(ParseLogGroupKey(LogGroupKey(name.account_id, name.region, name.group)), name);
  }
  EXPECT_NE(LogGroupKey("1", "r", "/x"), LogGroupKey("1", "r", "x"));
  for (const char* none : {"", "1", "1/r", "1/r/", "1/r:"}) EXPECT_FALSE(ParseLogGroupKey(none)) << none;
}

}  // namespace
}  // namespace mayfly::store
