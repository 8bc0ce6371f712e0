// If these fail, archives lose events, count others than they hold, or keep what is over.
#include "services/events/archived_events.h"

#include <gtest/gtest.h>

#include "base/sim_loop.h"

namespace mayfly::events {
namespace {

class ArchivedEventsTest : public ::testing::Test {
 public:
  void Append(int64_t millis, const std::string& id, const std::string& archive = "a/r/one") {
    ASSERT_TRUE(loop_.Run(events_.Append(ctx_, {{.archive = archive, .time_millis = millis, .id = id, .envelope = "{" + id + "}"}})));
  }
  std::string Read(int64_t from, int64_t to, const std::string& position = "", size_t limit = 100) {
    std::string shown;
    const auto read = loop_.Run(events_.Read(ctx_, "a/r/one", position, from, to, limit));
    for (const StoredEvent& event : *read) shown += event.envelope;
    return shown;
  }

  SimLoop loop_;
  Context ctx_{loop_};
  std::unique_ptr<store::Store> store_ = store::MakeMemoryStore(loop_);
  ArchivedEvents events_{*store_};
};

TEST_F(ArchivedEventsTest, AreReadInTheOrderOfTheirTimes) {
  Append(2'000, "b");
  Append(1'000, "a");
  Append(1'000, "a2");
  Append(3'000, "c");
  Append(1'500, "other", "a/r/one-more");
  EXPECT_EQ(Read(0, 10'000), "{a}{a2}{b}{c}");
  EXPECT_EQ(Read(1'001, 2'000), "{b}");
  const auto first = loop_.Run(events_.Read(ctx_, "a/r/one", "", 0, 10'000, 2));
  EXPECT_EQ(Read(0, 10'000, first->back().position), "{b}{c}");
}

TEST_F(ArchivedEventsTest, WhatComesAgainIsThereOnce) {
  Append(1'000, "a");
  ASSERT_TRUE(loop_.Run(events_.Append(ctx_, {{.archive = "a/r/one", .time_millis = 1'000, .id = "a", .envelope = "{a}"},
                                              {.archive = "a/r/one", .time_millis = 1'001, .id = "b", .envelope = "{b}"}})));
  EXPECT_EQ(Read(0, 10'000), "{a}{b}");
  EXPECT_EQ(events_.CountsOf("a/r/one").events, 2);
}

TEST_F(ArchivedEventsTest, CountsOutliveTheDaemon) {
  Append(1'000, "a");
  Append(2'000, "bb");
  EXPECT_EQ(events_.CountsOf("a/r/one").events, 2);
  EXPECT_EQ(events_.CountsOf("a/r/one").bytes, 7);
  ArchivedEvents again(*store_);
  ASSERT_TRUE(loop_.Run(again.Open(ctx_)));
  EXPECT_EQ(again.CountsOf("a/r/one").events, 2);
  EXPECT_EQ(again.CountsOf("a/r/one").bytes, 7);
}

TEST_F(ArchivedEventsTest, ASweepTakesWhatIsOverAndSaysWhatIsNext) {
  for (int64_t i = 1; i <= 3; ++i) Append(i * 1'000, std::to_string(i));
  auto oldest = loop_.Run(events_.Sweep(ctx_, "a/r/one", 2'500));
  ASSERT_TRUE(oldest);
  EXPECT_EQ(*oldest, 3'000);
  EXPECT_EQ(Read(0, 10'000), "{3}");
  EXPECT_EQ(events_.CountsOf("a/r/one").events, 1);
  oldest = loop_.Run(events_.Sweep(ctx_, "a/r/one", 9'000));
  EXPECT_EQ(*oldest, std::nullopt);
  ASSERT_TRUE(loop_.Run(events_.Drop(ctx_, "a/r/one")));
  EXPECT_EQ(events_.CountsOf("a/r/one").events, 0);
}

}  // namespace
}  // namespace mayfly::events
