// If these fail, functions of two accounts see each other open and lock the files of a package that both have.
#include "sandbox/tree_owners.h"

#include <gtest/gtest.h>

namespace mayfly::sandbox {
namespace {

TEST(TreeOwners, TheFirstAccountHasATreeAsItIs) {
  TreeOwners owners;
  Sha256Digest tree{}, other{};
  other[0] = 1;
  EXPECT_TRUE(owners.Take(tree, "a"));
  EXPECT_TRUE(owners.Take(tree, "a"));
  EXPECT_FALSE(owners.Take(tree, "b"));
  EXPECT_TRUE(owners.Take(other, "b"));
  EXPECT_FALSE(owners.Take(other, "a"));
}

TEST(TreeOwners, ATreeThatNobodyHasIsFreeAgain) {
  TreeOwners owners;
  const Sha256Digest tree{};
  ASSERT_TRUE(owners.Take(tree, "a"));
  ASSERT_TRUE(owners.Take(tree, "a"));
  owners.GiveBack(tree);
  EXPECT_FALSE(owners.Take(tree, "b"));
  owners.GiveBack(tree);
  EXPECT_TRUE(owners.Take(tree, "b"));
  EXPECT_FALSE(owners.Take(tree, "a"));
}

}  // namespace
}  // namespace mayfly::sandbox
