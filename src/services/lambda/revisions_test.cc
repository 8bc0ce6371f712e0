// If these fail, a function says that it is ready when it is not, or never does, or an update that failed takes away what served.
#include "services/lambda/revisions.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "base/sim_loop.h"
#include "catalog/function.h"

namespace mayfly::lambda {
namespace {

class RevisionsTest : public testing::Test {
 protected:
  RevisionsTest() {
    function_.name = {"000000000000", "us-east-1", "f"};
    revisions_.MarkCreated(function_);
  }

  SimLoop loop_;
  SeededRandom random_{1};
  Revisions revisions_{loop_, random_};
  catalog::Function function_;
};

TEST_F(RevisionsTest, ANewFunctionIsPendingAndThenActive) {
  EXPECT_EQ(function_.state, "Pending");
  EXPECT_EQ(function_.state_reason_code, "Creating");
  const std::string created_as = function_.revision_id;
  revisions_.MarkSettled(function_);
  EXPECT_EQ(function_.state, "Active");
  EXPECT_EQ(function_.last_update_status, "Successful");
  EXPECT_EQ(function_.state_reason, "");
  EXPECT_NE(function_.revision_id, created_as);
}

TEST_F(RevisionsTest, ANewFunctionWhoseCodeDoesNotComeIsFailed) {
  revisions_.MarkFailed(function_, {"ImageDeleted", "It has gone."});
  EXPECT_EQ(function_.state, "Failed");
  EXPECT_EQ(function_.state_reason_code, "ImageDeleted");
  EXPECT_EQ(function_.state_reason, "It has gone.");
}

TEST_F(RevisionsTest, AnUpdateHasNewContentAndLeavesTheFunctionActive) {
  revisions_.MarkSettled(function_);
  const std::string content = function_.content_id;
  revisions_.MarkUpdating(function_);
  EXPECT_EQ(function_.state, "Active");
  EXPECT_EQ(function_.last_update_status, "InProgress");
  EXPECT_NE(function_.content_id, content);
}

TEST_F(RevisionsTest, WhatServedBeforeAFailedUpdateGoesOnServing) {
  function_.image = catalog::FunctionImage{.uri = "r/i:1", .tree = "one"};
  revisions_.MarkSettled(function_);
  revisions_.MarkUpdating(function_);
  function_.next_image = catalog::FunctionImage{.uri = "r/i:2", .tree = "two"};
  const std::string content = function_.content_id;
  revisions_.MarkFailed(function_, {"InvalidImage", "It is not valid."});
  EXPECT_EQ(function_.state, "Active");
  EXPECT_EQ(function_.last_update_status, "Failed");
  EXPECT_EQ(function_.last_update_status_reason_code, "InvalidImage");
  EXPECT_FALSE(function_.next_image);
  EXPECT_EQ(function_.image->tree, "one");
  EXPECT_EQ(function_.content_id, content);
}

TEST_F(RevisionsTest, AnImageThatHasComeIsInUse) {
  function_.image = catalog::FunctionImage{.uri = "r/i:1", .tree = "one"};
  revisions_.MarkSettled(function_);
  revisions_.MarkUpdating(function_);
  function_.next_image = catalog::FunctionImage{.uri = "r/i:2", .tree = "two"};
  const std::string content = function_.content_id;
  revisions_.MarkSettled(function_);
  EXPECT_EQ(function_.image->tree, "two");
  EXPECT_NE(function_.content_id, content);
}

TEST_F(RevisionsTest, VersionsCountUpAndRunTheSameContent) {
  revisions_.MarkSettled(function_);
  function_.tags = {{"a", "b"}};
  const catalog::Function one = revisions_.MakeVersion(function_, std::nullopt);
  const catalog::Function two = revisions_.MakeVersion(function_, "the second");
  EXPECT_EQ(one.version, "1");
  EXPECT_EQ(two.version, "2");
  EXPECT_EQ(two.description, "the second");
  EXPECT_EQ(two.content_id, function_.content_id);
  EXPECT_TRUE(two.tags.empty());
  EXPECT_EQ(function_.last_version, 2);
  EXPECT_NE(one.revision_id, two.revision_id);
}

TEST_F(RevisionsTest, PublishingChangesTheRevisionOfLatestAndSettlingThatOfNoVersion) {
  const std::string created_as = function_.revision_id;
  catalog::Function version = revisions_.MakeVersion(function_, std::nullopt);
  EXPECT_NE(function_.revision_id, created_as);
  EXPECT_NE(function_.revision_id, version.revision_id);
  const std::string published_as = version.revision_id;
  revisions_.MarkSettled(version);
  EXPECT_EQ(version.revision_id, published_as);
}

}  // namespace
}  // namespace mayfly::lambda
