// If these fail, schedules miss times or repeat them over the years, stop behind a failing target, or stay when they are to be deleted.
#include "services/scheduler/schedule_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/sim_loop.h"
#include "resources/change.h"
#include "store/store.h"

namespace mayfly::scheduler {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view kQueue = "arn:aws:sqs:eu-west-1:111122223333:q";

class FakeTarget final : public delivery::Target {
 public:
  explicit FakeTarget(const Clock& clock) : clock_(&clock) {}
  Result<> Authorize(const identity::RequestPrincipal&, std::string_view, const identity::ConditionKeys&) const override { return {}; }
  Task<Result<>> Deliver(Context&, const delivery::Delivery& delivery) override {
    if (fails) {
      Error error = Error::Fault("down");
      error.retryable = true;
      ++failures;
      co_return Fail(std::move(error));
    }
    times.push_back(clock_->WallNow());
    last = delivery;
    co_return Result<>();
  }

  bool fails = false;
  int failures = 0;
  std::vector<WallTime> times;
  delivery::Delivery last;

 private:
  const Clock* clock_;
};

struct World {
  explicit World(uint64_t seed = 1) : random(seed) {
    targets.Register("sqs", target);
    worker.AddSender(std::string(kScheduleSender), runner);
    lanes.AddWorker(std::string(delivery::kDeliveryLanes), worker);
    Context ctx(loop);
    EXPECT_TRUE(loop.Run(all.Open(ctx)));
    lanes.Open();
    runner.Start();
  }
  ~World() {
    loop.RunVoid(runner.Stop());
    loop.RunVoid(lanes.Stop(loop.Now() + minutes(1)));
  }
  void Put(std::string_view members) {
    const int64_t now = ToEpochMillis(loop.WallNow());
    ScheduleRow row{.name = {{"111122223333", "eu-west-1", "default"}, "s"}, .created_millis = now, .modified_millis = now, .since_millis = now};
    row.settings = fmt::format(R"({{{},"Target":{{"Arn":"{}","RoleArn":"arn:aws:iam::111122223333:role/r","Input":"<aws.scheduler.scheduled-time>"}}}})", members, kQueue);
    Context ctx(loop);
    resources::Change change(all);
    EXPECT_TRUE(change.Put(tables.schedules, row.name.Key(), row));
    EXPECT_TRUE(loop.Run(change.Commit(ctx)));
  }
  bool Has() const { return tables.schedules.size() == 1; }

  SimLoop loop;
  std::unique_ptr<store::Store> store = store::MakeMemoryStore(loop), lane_store = store::MakeMemoryStore(loop);
  SeededRandom random;
  resources::ResourceTables all{*store};
  ScheduleTables tables{all};
  delivery::TargetRouter targets;
  FakeTarget target{loop};
  delivery::DeliveryWorker worker{loop, targets, {}};
  delivery::DurableLanes lanes{loop, *lane_store, random, {}};
  ScheduleRunner runner{loop, tables, lanes, random};
};

TEST(ScheduleRunner, TwoYearsOfNightsInAnotherPlace) {
  World world;
  world.Put(R"j("ScheduleExpression":"cron(30 2 * * ? *)","ScheduleExpressionTimezone":"Europe/Berlin")j");
  world.loop.RunFor(hours(24 * 730));
  EXPECT_THAT(world.target.times.size(), testing::AllOf(testing::Ge(727u), testing::Le(730u)));  // two springs have no such time
  for (size_t i = 1; i < world.target.times.size(); ++i) {
    const Duration between = world.target.times[i] - world.target.times[i - 1];
    EXPECT_TRUE(between > hours(22) && between < hours(49)) << i;
  }
}

TEST(ScheduleRunner, RetriesAndThenGoesOn) {
  World world;
  world.Put(R"j("ScheduleExpression":"rate(1 hour)")j");
  world.target.fails = true;
  world.loop.RunFor(minutes(50));
  EXPECT_GT(world.target.failures, 5);
  EXPECT_TRUE(world.target.times.empty());
  world.target.fails = false;
  world.loop.RunFor(hours(10) + minutes(5));
  EXPECT_EQ(world.target.times.size(), 11u);
}

TEST(ScheduleRunner, EachTimeIsInItsWindow) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    World world(seed);
    const WallTime begin = world.loop.WallNow();
    world.Put(R"j("ScheduleExpression":"rate(1 hour)","FlexibleTimeWindow":{"Mode":"FLEXIBLE","MaximumWindowInMinutes":15})j");
    world.loop.RunFor(hours(24) + minutes(16));
    ASSERT_EQ(world.target.times.size(), 25u);
    for (size_t i = 0; i < world.target.times.size(); ++i) {
      const Duration late = world.target.times[i] - (begin + hours(i));
      EXPECT_TRUE(late >= Duration::zero() && late < minutes(15) + seconds(1)) << "seed " << seed << ", time " << i;
    }
  }
}

TEST(ScheduleRunner, WhatHasEndedIsDeletedOnlyWhenThatIsWanted) {
  World kept;
  kept.Put(R"j("ScheduleExpression":"at(2199-01-01T00:00:00)")j");
  kept.loop.RunFor(hours(24));
  EXPECT_TRUE(kept.Has());

  World world;
  const int64_t end = ToEpochMillis(world.loop.WallNow()) / 1000 + 7200 + 60;
  world.Put(fmt::format(R"j("ScheduleExpression":"rate(1 hour)","EndDate":{},"ActionAfterCompletion":"DELETE")j", end));
  world.loop.RunFor(hours(1) + minutes(30));
  EXPECT_TRUE(world.Has());
  world.loop.RunFor(hours(2));
  EXPECT_EQ(world.target.times.size(), 3u);
  EXPECT_FALSE(world.Has());
}

}  // namespace
}  // namespace mayfly::scheduler
