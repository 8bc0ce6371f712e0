// If these fail, events are lost, repeated for ever, kept in memory without a bound, or one function's backlog delays another's.
#include "delivery/durable_lanes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "base/sim_loop.h"

namespace mayfly::delivery {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Kind = Verdict::Kind;

// A clock whose wall time can be set, as an operator or NTP does it.
class JumpingLoop final : public Loop {
 public:
  explicit JumpingLoop(SimLoop& loop) : loop_(&loop) {}
  TimePoint Now() const override { return loop_->Now(); }
  WallTime WallNow() const override { return loop_->WallNow() + jump; }
  void Post(Callback callback) override { loop_->Post(std::move(callback)); }
  void PostFromAnyThread(Callback callback) override { loop_->Post(std::move(callback)); }
  TimerId CallAt(TimePoint when, Callback callback) override { return loop_->CallAt(when, std::move(callback)); }
  void CancelTimer(TimerId timer) override { loop_->CancelTimer(timer); }

  Duration jump{};

 private:
  SimLoop* loop_;
};

class NotingWorker final : public LaneWorker {
 public:
  explicit NotingWorker(SimLoop& loop) : loop_(&loop) {}
  Task<Verdict> Work(Context& ctx, const std::string& payload) override {
    began.push_back(payload);
    began_at.push_back(loop_->Now());
    most_at_once = std::max(most_at_once, ++at_once);
    const std::string copy = payload;
    if (duration > Duration::zero()) (void)co_await Sleep(ctx, duration);
    --at_once;
    co_return judge ? judge(copy) : Verdict{};
  }

  Duration duration = milliseconds(10);
  std::function<Verdict(const std::string&)> judge;
  std::vector<std::string> began;
  std::vector<TimePoint> began_at;
  int at_once = 0;
  int most_at_once = 0;

 private:
  SimLoop* loop_;
};

class Lanes : public testing::Test {
 protected:
  void TearDown() override {
    if (!lanes_) return;
    Stop();
  }
  void Start(LaneOptions options = {}) {
    lanes_ = std::make_unique<DurableLanes>(jumping_, *store_, random_, options);
    lanes_->AddWorker("a", a_);
    lanes_->AddWorker("b", b_);
    lanes_->AddWorker("o", o_, DurableLanes::Order::InOrder);
    lanes_->Open();
  }
  void Stop() {
    loop_.RunVoid(lanes_->Stop(loop_.Now() + minutes(1)));
    lanes_.reset();
  }
  // As kill -9 does: nothing is handed back; the next store's opening ends the leases.
  void Crash() {
    lanes_.reset();
    loop_.RunFor(hours(2));
  }
  void Append(std::string lane, std::string payload) { ASSERT_TRUE(loop_.Run(lanes_->Append(ctx_, {std::move(lane), std::move(payload)}))); }
  int64_t Depth(std::string_view lane) { return store_->Counts(lane).items; }

  SimLoop loop_;
  JumpingLoop jumping_{loop_};
  SeededRandom random_{1};
  Context ctx_{loop_};
  std::unique_ptr<store::Store> store_ = store::MakeMemoryStore(jumping_, 1, {.latency = milliseconds(1)});
  NotingWorker a_{loop_};
  NotingWorker b_{loop_};
  NotingWorker o_{loop_};
  std::unique_ptr<DurableLanes> lanes_;
};

TEST_F(Lanes, AnItemIsBegunAsSoonAsItIsDurableAndEndsWithItsVerdict) {
  Start();
  const TimePoint before = loop_.Now();
  Append("a/f", "1");
  loop_.RunFor(milliseconds(0));
  EXPECT_THAT(a_.began, testing::ElementsAre("1"));
  EXPECT_EQ(a_.began_at.at(0) - before, milliseconds(1)) << "no timer, no second look at the disk";
  EXPECT_EQ(Depth("a/f"), 1);
  loop_.RunFor(seconds(1));
  EXPECT_EQ(Depth("a/f"), 0);
  EXPECT_EQ(lanes_->held(), 0u);
  EXPECT_EQ(lanes_->held_bytes(), 0u);
  EXPECT_EQ(loop_.timers(), 0u) << "nothing polls";
}

TEST_F(Lanes, LaterKeepsTheNewPayloadAndComesAtItsTime) {
  Start();
  a_.judge = [](const std::string& payload) {
    return payload.size() == 3 ? Verdict{} : Verdict{.kind = Kind::Later, .payload = payload + "+", .delay = minutes(static_cast<int>(payload.size()))};
  };
  Append("a/f", "1");
  loop_.RunFor(minutes(5));
  EXPECT_THAT(a_.began, testing::ElementsAre("1", "1+", "1++"));
  EXPECT_GE(a_.began_at[1] - a_.began_at[0], minutes(1));
  EXPECT_LE(a_.began_at[1] - a_.began_at[0], minutes(1) + milliseconds(100));
  EXPECT_GE(a_.began_at[2] - a_.began_at[1], minutes(2));
  EXPECT_EQ(Depth("a/f"), 0);
}

TEST_F(Lanes, OfAnOrderedLaneOneItemAtATimeAndAFailedOneKeepsItsPlace) {
  int failures = 3;
  o_.judge = [&](const std::string& payload) {
    if (payload[0] != '1' || failures-- == 0) return Verdict{};
    return Verdict{.kind = Kind::Later, .payload = payload.substr(0, 1) + std::to_string(failures), .delay = seconds(10), .follow_ups = {}};
  };
  Start();
  for (const char* item : {"0x", "1x", "2x", "3x"}) Append("o/f", item);
  Append("o/g", "other");
  loop_.RunFor(seconds(5));
  EXPECT_THAT(o_.began, testing::UnorderedElementsAre("0x", "1x", "other"));
  loop_.RunFor(minutes(1));
  std::erase(o_.began, "other");
  EXPECT_THAT(o_.began, testing::ElementsAre("0x", "1x", "12", "11", "10", "2x", "3x"));
  EXPECT_EQ(Depth("o/f"), 0);
}

TEST_F(Lanes, AnOrderedLaneGoesOnInItsOrderAfterAStopAndABacklog) {
  Start({.memory_bytes_max = 400});
  o_.duration = seconds(1);
  std::vector<std::string> sent;
  for (int i = 0; i < 20; ++i) {
    sent.push_back(std::string(50, static_cast<char>('a' + i)));
    Append("o/f", sent.back());
  }
  loop_.RunFor(milliseconds(2500));
  Stop();
  Start({.memory_bytes_max = 400});
  loop_.RunFor(minutes(1));
  EXPECT_EQ(o_.began, sent);
}

TEST_F(Lanes, FollowUpsAreAppendedTogetherWithTheEnd) {
  Start();
  a_.judge = [](const std::string&) { return Verdict{.follow_ups = {{"b/x", "record"}, {"b/y", "letter"}}}; };
  Append("a/f", "1");
  loop_.RunFor(seconds(1));
  EXPECT_THAT(b_.began, testing::UnorderedElementsAre("record", "letter"));
  EXPECT_EQ(Depth("a/f") + Depth("b/x") + Depth("b/y"), 0);
}

TEST_F(Lanes, SeveralItemsAreAppendedTogetherOrNotAtAll) {
  Start();
  ASSERT_TRUE(loop_.Run(lanes_->AppendAll(ctx_, {{"a/f", "1"}, {"b/x", "2"}, {"a/f", "3"}})));
  ASSERT_TRUE(loop_.Run(lanes_->AppendAll(ctx_, {})));
  loop_.RunFor(seconds(1));
  EXPECT_THAT(a_.began, testing::ElementsAre("1", "3"));
  EXPECT_THAT(b_.began, testing::ElementsAre("2"));
  EXPECT_EQ(Depth("a/f") + Depth("b/x"), 0);
  EXPECT_EQ(lanes_->held_bytes(), 0u);
}

TEST_F(Lanes, ABusyLanePausesLongerEachTimeAndOthersGoOn) {
  Start();
  a_.duration = {};
  int left = 5;
  a_.judge = [&](const std::string& payload) {
    if (payload == "1" && left-- > 0) return Verdict{.kind = Kind::Busy, .delay = hours(1)};
    return Verdict{};
  };
  Append("a/f", "1");
  Append("a/g", "other");
  loop_.RunFor(minutes(2));
  EXPECT_THAT(a_.began, testing::ElementsAre("1", "other", "1", "1", "1", "1", "1"));
  std::vector<TimePoint> at;
  for (size_t i = 0; i < a_.began.size(); ++i) {
    if (a_.began[i] == "1") at.push_back(a_.began_at[i]);
  }
  for (size_t i = 1; i < at.size(); ++i) {
    const Duration step = seconds(1) * (1 << (i - 1));
    EXPECT_GE(at[i] - at[i - 1], step);
    EXPECT_LE(at[i] - at[i - 1], step * 11 / 10 + milliseconds(1));
  }
}

TEST_F(Lanes, TheWindowFollowsWhatTheLaneCanDo) {
  Start();
  int most = 0;
  a_.duration = milliseconds(100);
  a_.judge = [&](const std::string&) {
    most = std::max(most, a_.at_once + 1);
    return a_.at_once >= 3 ? Verdict{.kind = Kind::Busy, .delay = hours(1)} : Verdict{};  // room for three
  };
  for (int i = 0; i < 300; ++i) Append("a/f", std::to_string(i));
  const TimePoint begun = loop_.Now();
  while (Depth("a/f") > 0) loop_.RunFor(milliseconds(100));
  EXPECT_LE(loop_.Now() - begun, seconds(40)) << "three at once would take 10 s";
  EXPECT_LE(a_.began.size(), 300u + 100u + 60u) << "few attempts are in vain, once the first hundred has shown how it is";
}

TEST_F(Lanes, ABacklogDelaysNobodyElseAndStaysOnDisk) {
  Start({.running_max = 20, .memory_bytes_max = 100'000});
  a_.duration = minutes(1);
  const std::string large(1000, 'x');
  for (int i = 0; i < 3000; ++i) Append("a/slow", large);
  loop_.RunFor(milliseconds(1));
  EXPECT_LE(lanes_->held_bytes(), 100'000u);
  EXPECT_EQ(Depth("a/slow"), 3000);
  b_.duration = {};
  for (int i = 0; i < 10; ++i) {
    const TimePoint sent = loop_.Now();
    Append("b/fast", "quick");
    loop_.RunFor(milliseconds(5));
    ASSERT_EQ(b_.began.size(), static_cast<size_t>(i) + 1);
    EXPECT_LE(b_.began_at.back() - sent, milliseconds(4)) << "though all places are taken";
  }
  EXPECT_LE(a_.most_at_once, 20);
  while (Depth("a/slow") > 0) {
    loop_.RunFor(minutes(10));
    ASSERT_LE(lanes_->held_bytes(), 100'000u + 64'000u);
  }
  EXPECT_EQ(a_.began.size(), 3000u) << "each once";
}

TEST_F(Lanes, WhatACrashInterruptsIsDoneAfterTheStart) {
  Start();
  a_.duration = minutes(10);
  for (int i = 0; i < 5; ++i) Append("a/f", std::to_string(i));
  loop_.RunFor(seconds(1));
  Crash();
  a_.began.clear();
  a_.at_once = 0;
  a_.duration = milliseconds(1);
  Start();
  loop_.RunFor(seconds(1));
  EXPECT_THAT(a_.began, testing::UnorderedElementsAre("0", "1", "2", "3", "4"));
  EXPECT_EQ(Depth("a/f"), 0);
}

TEST_F(Lanes, AStopWaitsForWhatRunsAndHandsBackTheRest) {
  Start({.window_start = 1, .window_max = 1});
  a_.duration = seconds(10);
  for (int i = 0; i < 3; ++i) Append("a/f", std::to_string(i));
  loop_.RunFor(seconds(1));
  const TimePoint before = loop_.Now();
  loop_.RunVoid(lanes_->Stop(loop_.Now() + minutes(1)));
  EXPECT_LT(loop_.Now() - before, seconds(10));
  EXPECT_EQ(Depth("a/f"), 2);
  Append("a/f", "accepted while it drains");
  lanes_.reset();
  EXPECT_EQ(loop_.Run(store_->Lease(ctx_, "a/f", {.count = 10, .lease = hours(1)}))->items.size(), 3u) << "nothing is leased any more";
}

TEST_F(Lanes, AStopDoesNotWaitForEver) {
  Start();
  a_.duration = hours(1);
  Append("a/f", "1");
  loop_.RunFor(seconds(1));
  const TimePoint before = loop_.Now();
  loop_.RunVoid(lanes_->Stop(loop_.Now() + seconds(30)));
  EXPECT_EQ(loop_.Now() - before, seconds(30));
  EXPECT_EQ(Depth("a/f"), 1);
  lanes_.reset();
}

TEST_F(Lanes, JumpsOfTheWallClockNeitherHurryNorHoldARetry) {
  for (const Duration jump : {Duration(hours(24 * 30)), Duration(-hours(24 * 30))}) {
    jumping_.jump = {};
    Start();
    a_.began.clear();
    a_.began_at.clear();
    a_.judge = [](const std::string& payload) {
      return payload == "again" ? Verdict{} : Verdict{.kind = Kind::Later, .payload = "again", .delay = minutes(1)};
    };
    Append("a/f", "1");
    loop_.RunFor(seconds(1));
    jumping_.jump = jump;
    loop_.RunFor(minutes(5));
    ASSERT_THAT(a_.began, testing::ElementsAre("1", "again"));
    EXPECT_GE(a_.began_at[1] - a_.began_at[0], minutes(1));
    EXPECT_LE(a_.began_at[1] - a_.began_at[0], minutes(1) + seconds(1));
    Stop();
  }
}

TEST_F(Lanes, ARetryOfADaemonWhoseClockWasAheadIsNotHeldForDays) {
  jumping_.jump = hours(24 * 365);
  Start();
  a_.judge = [](const std::string& payload) {
    return payload == "again" ? Verdict{} : Verdict{.kind = Kind::Later, .payload = "again", .delay = minutes(1)};
  };
  Append("a/f", "1");
  loop_.RunFor(seconds(1));
  Stop();
  jumping_.jump = {};
  Start();
  loop_.RunFor(hours(2));
  EXPECT_THAT(a_.began, testing::ElementsAre("1", "again"));
  EXPECT_EQ(Depth("a/f"), 0);
}

TEST_F(Lanes, ForgettingEverythingFreesWhatIsHeldAndIgnoresWhatIsAtWork) {
  Start({.window_start = 1, .window_max = 1});
  a_.duration = seconds(10);
  a_.judge = [](const std::string&) { return Verdict{.kind = Kind::Later, .payload = "again", .delay = seconds(1)}; };
  for (int i = 0; i < 3; ++i) Append("a/f", std::to_string(i));
  loop_.RunFor(seconds(1));
  ASSERT_TRUE(loop_.Run(lanes_->Clear(ctx_)));
  loop_.RunFor(hours(3));
  EXPECT_THAT(a_.began, testing::ElementsAre("0"));
  EXPECT_EQ(lanes_->held_bytes(), 0u);
  EXPECT_EQ(Depth("a/f"), 0);
  a_.judge = {};
  Append("a/f", "new");
  loop_.RunFor(minutes(1));
  EXPECT_THAT(a_.began, testing::ElementsAre("0", "new"));
}

// ---------------------------------------------------------------- lanes that hold nothing

TEST_F(Lanes, MemoryFollowsWhatIsOwedNotHowManyNamesHavePassed) {
  Start({.resting_max = 10});
  a_.duration = {};
  for (int i = 0; i < 100'000; ++i) {
    Append("a/" + std::to_string(i), "1");
    if (i % 1000 != 0) continue;
    loop_.RunFor(milliseconds(10));
    ASSERT_LE(lanes_->lanes(), 10u);
    ASSERT_EQ(lanes_->stored(), 0);
    a_.began.clear();
    a_.began_at.clear();
  }
  loop_.RunFor(milliseconds(10));
  EXPECT_LE(lanes_->lanes(), 10u);
  EXPECT_EQ(lanes_->held_bytes(), 0u);
}

TEST_F(Lanes, ALaneThatHasSomethingIsNeverForgotten) {
  Start({.resting_max = 0});
  a_.judge = [](const std::string& payload) {
    return payload == "again" ? Verdict{} : Verdict{.kind = Kind::Later, .payload = "again", .delay = minutes(50)};
  };
  for (int i = 0; i < 100; ++i) Append("a/" + std::to_string(i), "1");
  loop_.RunFor(minutes(1));
  EXPECT_EQ(lanes_->lanes(), 100u);
  EXPECT_EQ(lanes_->stored(), 100);
  loop_.RunFor(minutes(50));
  EXPECT_EQ(a_.began.size(), 200u);
  EXPECT_EQ(lanes_->lanes(), 0u) << "also after they were leased: nothing waits for the end of a lease";
  EXPECT_EQ(loop_.timers(), 0u);
}

TEST_F(Lanes, ALaneThatIsUsedOftenKeepsWhatItHasLearnt) {
  Start({.window_start = 1, .window_max = 100, .resting_max = 5});
  a_.duration = milliseconds(100);
  const auto most_of_fifty_at = [&](const std::string& lane) {
    a_.most_at_once = 0;
    for (int i = 0; i < 50; ++i) Append(lane, "x");
    const int most = a_.most_at_once;  // before the first has ended
    loop_.RunFor(minutes(1));
    return most;
  };
  for (const char* lane : {"a/hot", "a/cold"}) EXPECT_EQ(most_of_fifty_at(lane), 1);
  for (int i = 0; i < 100; ++i) {
    Append("a/" + std::to_string(i), "x");
    if (i % 3 == 0) Append("a/hot", "x");
    loop_.RunFor(seconds(1));
  }
  EXPECT_GT(most_of_fifty_at("a/hot"), 5);
  EXPECT_EQ(most_of_fifty_at("a/cold"), 1);
}

// Items of a few lanes that are forgotten as soon as they hold nothing, while others are appended to them, with a store that
// fails at times and (for odd seeds) daemons that crash: what was accepted is done.
class LanesOfADay : public Lanes, public testing::WithParamInterface<uint64_t> {
 protected:
  Verdict Judge(const std::string& payload) {
    const uint64_t fate = chance_.Below(10);
    if (fate == 0) return {.kind = Kind::Later, .payload = payload, .delay = seconds(chance_.Below(4000))};
    if (fate == 1) return {.kind = Kind::Busy, .delay = seconds(chance_.Below(100))};
    done_.insert(payload);
    if (fate > 3 || payload.starts_with("follows")) return {.kind = fate == 2 ? Kind::Dropped : Kind::Done};
    const std::string next = "follows " + payload;
    owed_.insert(next);
    return {.follow_ups = {{LaneName(), next}}};
  }
  std::string LaneName() { return (chance_.Below(2) ? "a/" : "b/") + std::to_string(chance_.Below(3)); }
  void StartDay() {
    Start({.window_start = 1, .memory_bytes_max = 100, .lease = minutes(10), .resting_max = static_cast<size_t>(GetParam() % 3)});
    for (NotingWorker* worker : {&a_, &b_}) {
      worker->duration = milliseconds(chance_.Below(2) * 20);
      worker->judge = [this](const std::string& payload) { return Judge(payload); };
    }
  }
  void AppendSome() {
    for (uint64_t i = chance_.Below(8); i > 0; --i) {
      const std::string payload = std::to_string(++number_);
      if (loop_.Run(lanes_->Append(ctx_, {LaneName(), payload}))) owed_.insert(payload);
      loop_.RunFor(milliseconds(chance_.Below(3)));
    }
  }

  SeededRandom chance_{GetParam() * 7919};
  int number_ = 0;
  std::set<std::string> owed_, done_;
};

TEST_P(LanesOfADay, NothingIsLostWhenALaneIsForgotten) {
  store_ = store::MakeMemoryStore(jumping_, GetParam(), {.latency = milliseconds(1), .failure_rate = GetParam() % 2 == 0 ? 0.05 : 0.0});
  StartDay();
  for (int step = 0; step < 300; ++step) {
    AppendSome();
    loop_.RunFor(seconds(chance_.Below(chance_.Below(20) == 0 ? 4000 : 3)));
    if (GetParam() % 2 == 1 && chance_.Below(20) == 0) {
      Crash();
      StartDay();
    }
  }
  loop_.RunFor(hours(48));
  for (const std::string& payload : owed_) EXPECT_TRUE(done_.contains(payload)) << payload << " of seed " << GetParam();
  EXPECT_GT(owed_.size(), 500u);
  EXPECT_EQ(lanes_->stored(), 0);
  EXPECT_EQ(lanes_->held(), 0u);
  EXPECT_EQ(lanes_->held_bytes(), 0u);
  EXPECT_LE(lanes_->lanes(), GetParam() % 3);
  EXPECT_EQ(loop_.timers(), 0u);
}
INSTANTIATE_TEST_SUITE_P(Seeds, LanesOfADay, testing::Range<uint64_t>(1, 41));

}  // namespace
}  // namespace mayfly::delivery
