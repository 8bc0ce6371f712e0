// If these fail, messages that a function could not process are deleted, or processed ones come again.
#include "sources/batch_item_failures.h"

#include <gtest/gtest.h>

namespace mayfly::sources {
namespace {

using enum ItemsOutcome;

const std::vector<std::string_view> kBatch{"a", "b", "c"};

ItemsOutcome OutcomeOf(std::string_view answer) { return ReadBatchItemFailures(answer, kBatch).outcome; }

TEST(BatchItemFailures, EverythingSucceeded) {
  for (const char* answer : {"", "  \n", "null", "\"\"", "{}", "[]", R"({"statusCode":200})", R"({"batchItemFailures":null})",
                             R"({"batchItemFailures":[]})", R"({"batchItemFailures":""})"}) {
    EXPECT_EQ(OutcomeOf(answer), AllSucceeded) << answer;
  }
}

TEST(BatchItemFailures, EverythingFailed) {
  for (const char* answer :
       {"nonsense", "{", "\"ok\"", "true", "7", R"([{"itemIdentifier":"a"}])", R"({"batchItemFailures":"a"})", R"({"batchItemFailures":{}})",
        R"({"batchItemFailures":[{}]})", R"({"batchItemFailures":["a"]})", R"({"batchItemFailures":[{"itemIdentifier":""}]})",
        R"({"batchItemFailures":[{"itemIdentifier":null}]})", R"({"batchItemFailures":[{"itemIdentifier":1}]})",
        R"({"batchItemFailures":[{"foo":"a"}]})", R"({"batchItemFailures":[{"foo":null}]})",
        R"({"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"unknown"}]})"}) {
    EXPECT_EQ(OutcomeOf(answer), AllFailed) << answer;
  }
}

TEST(BatchItemFailures, SomeFailed) {
  const ItemFailures failures =
      ReadBatchItemFailures(R"({"batchItemFailures":[{"itemIdentifier":"c"},{"itemIdentifier":"a","why":"x"},{"itemIdentifier":"c"}]})", kBatch);
  EXPECT_EQ(failures.outcome, SomeFailed);
  EXPECT_TRUE(failures.HasFailed(0));
  EXPECT_FALSE(failures.HasFailed(1));
  EXPECT_TRUE(failures.HasFailed(2));
}

}  // namespace
}  // namespace mayfly::sources
