// If these fail, provisioned concurrency does not follow its load, leaves its bounds, or swings.
#include "services/autoscaling/scaler.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "base/sim_loop.h"

namespace mayfly::autoscaling {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// A load of `demand` invocations at once on what is provisioned.
class FakeCapacity final : public Capacity {
 public:
  int Find(const TargetName&) override { return executions; }
  Task<Result<>> Set(Context& ctx, const TargetName&, int wanted) override {
    if (fail) co_return Fail(Error::Service("InvalidParameterValueException", "no"));
    history.push_back(wanted);
    executions = wanted;
    EXPECT_EQ(ctx.principal.account_id, "000000000000");
    co_return Result<>();
  }
  double TakeUtilization(const TargetName&) override { return executions == 0 ? 0 : std::min(1.0, demand / executions); }

  int executions = 0;
  double demand = 0;
  bool fail = false;
  std::vector<int> history;
};

struct World {
  SimLoop loop;
  std::unique_ptr<store::Store> store = store::MakeMemoryStore(loop);
  resources::ResourceTables all{*store};
  ScalingTables tables{all};
  FakeCapacity capacity;
  SeededRandom random{1};
  Scaler scaler;
  TargetName name{"000000000000", "us-east-1", "function:f:live"};

  explicit World(ScalerOptions options = {}) : scaler(loop, tables, capacity, random, options) {
    Context ctx(loop);
    EXPECT_TRUE(loop.Run(all.Open(ctx)));
    scaler.Start();
  }
  ~World() { loop.RunVoid(scaler.Stop()); }
  template <typename T>
  void Put(resources::ResourceTable<T>& table, const std::string& key, T value) {
    Context ctx(loop);
    resources::Change change(all);
    EXPECT_TRUE(change.Put(table, key, std::move(value)));
    EXPECT_TRUE(loop.Run(change.Commit(ctx)));
  }
  void Register(int low, int high) {
    Put(tables.targets, name.Key(), ScalingTarget{.name = name, .capacity_min = low, .capacity_max = high});
    scaler.LookSoon(name);
  }
  void Track(double value, std::optional<int> out = std::nullopt, std::optional<int> in = std::nullopt, std::string policy_name = "p") {
    Policy policy{.target = name, .name = std::move(policy_name), .type = "TargetTrackingScaling", .target_value = value, .out_cooldown_seconds = out, .in_cooldown_seconds = in};
    Put(tables.policies, policy.Key(), policy);
  }
  void Schedule(std::string action_name, std::string schedule, std::optional<int> low, std::optional<int> high, std::string timezone = "") {
    Action action{.target = name, .name = std::move(action_name), .schedule = std::move(schedule), .timezone = std::move(timezone), .created_millis = ToEpochMillis(loop.WallNow()), .capacity_min = low, .capacity_max = high};
    Put(tables.actions, action.Key(), action);
  }
};

TEST(Scaler, BoundsActAtOnce) {
  World world;
  world.Register(2, 10);
  EXPECT_EQ(world.capacity.executions, 2);
  world.Register(5, 10);
  EXPECT_EQ(world.capacity.executions, 5);
  world.Register(1, 3);
  EXPECT_EQ(world.capacity.executions, 3);
  EXPECT_EQ(world.scaler.activities().front().status, "Successful");
  EXPECT_EQ(world.scaler.activities().front().description, "Setting desired capacity to 3.");
}

TEST(Scaler, ScalesOutUnderLoadAndInAfterIt) {
  World world;
  world.Register(2, 20);
  world.Track(0.7);
  world.capacity.demand = 7;
  world.loop.RunFor(minutes(2));
  EXPECT_EQ(world.capacity.executions, 2);  // three looks in a row
  world.loop.RunFor(minutes(20));
  EXPECT_EQ(world.capacity.executions, 10);  // ceil(7 / 0.7)
  world.capacity.demand = 2;
  world.loop.RunFor(minutes(14));
  EXPECT_EQ(world.capacity.executions, 10);  // fifteen looks in a row
  world.loop.RunFor(minutes(2));
  EXPECT_EQ(world.capacity.executions, 3);
  world.capacity.demand = 0;
  world.loop.RunFor(hours(2));
  EXPECT_EQ(world.capacity.executions, 2);  // not below the bound
  world.capacity.demand = 1000;
  world.loop.RunFor(hours(2));
  EXPECT_EQ(world.capacity.executions, 20);  // nor above
}

TEST(Scaler, CooldownsHoldItBack) {
  World world;
  world.Register(1, 100);
  world.Track(0.5, 600, 3600);
  world.capacity.demand = 80;
  world.loop.RunFor(minutes(9));
  const int first = world.capacity.executions;
  EXPECT_EQ(first, 2);
  world.loop.RunFor(minutes(6));
  EXPECT_EQ(world.capacity.executions, 4);
  world.capacity.demand = 0.5;
  world.loop.RunFor(minutes(30));
  const int after_in = world.capacity.executions;
  EXPECT_EQ(after_in, 1);
}

TEST(Scaler, TheLargestWishCountsAndAllMustAgreeToScaleIn) {
  World world;
  world.Register(1, 100);
  world.Track(0.9, {}, {}, "loose");
  world.Track(0.3, {}, {}, "tight");
  world.capacity.executions = 10;
  world.capacity.demand = 5;
  world.loop.RunFor(minutes(4));
  EXPECT_EQ(world.capacity.executions, 17);
  world.loop.RunFor(hours(3));
  EXPECT_EQ(world.capacity.executions, 17);  // 5 of 17 are too many for "tight" to shrink, and too few for "loose"
}

// Berlin's clocks go from 02:00 to 03:00 on 2026-03-29: what happens at nine comes an hour earlier from then on.
TEST(Scaler, ScheduledActionsFollowTheClocksOfTheirZone) {
  World world;  // 2026-01-01T00:00Z
  world.Register(1, 10);
  world.loop.RunFor(hours(24 * 86));  // 2026-03-28T00:00Z
  world.Schedule("morning", "cron(0 9 * * ? *)", 6, 6, "Europe/Berlin");
  world.Schedule("night", "cron(30 2 * * ? *)", 3, 3, "Europe/Berlin");
  world.loop.RunFor(minutes(7 * 60 + 55));
  EXPECT_EQ(world.capacity.executions, 3);
  world.loop.RunFor(minutes(10));
  EXPECT_EQ(world.capacity.executions, 6) << "09:00 is 08:00 UTC in winter";
  world.loop.RunFor(hours(22));  // the 29th, 06:05 UTC: there was no 02:30
  EXPECT_EQ(world.capacity.executions, 6);
  world.loop.RunFor(hours(19));  // the 30th, 01:05 UTC
  EXPECT_EQ(world.capacity.executions, 3);
  world.loop.RunFor(hours(6));  // 07:05 UTC
  EXPECT_EQ(world.capacity.executions, 6) << "09:00 is 07:00 UTC in summer";
}

TEST(Scaler, ScheduledActionsMoveTheBounds) {
  World world;  // 2026-01-01T00:00Z
  world.Register(1, 10);
  world.Schedule("morning", "cron(0 8 * * ? *)", 6, std::nullopt);
  world.Schedule("evening", "cron(0 20 * * ? *)", 1, 2);
  world.Schedule("once", "at(2026-01-02T12:00:00)", 15, 15);
  world.loop.RunFor(hours(7));
  EXPECT_EQ(world.capacity.executions, 1);
  world.loop.RunFor(hours(2));
  EXPECT_EQ(world.capacity.executions, 6);
  world.loop.RunFor(hours(12));
  EXPECT_EQ(world.capacity.executions, 2);
  world.loop.RunFor(hours(12));  // the 2nd, 9 o'clock: the minimum takes the maximum along
  EXPECT_EQ(world.capacity.executions, 6);
  world.loop.RunFor(hours(4));
  EXPECT_EQ(world.capacity.executions, 15);
  world.loop.RunFor(hours(24));
  EXPECT_EQ(world.capacity.history, (std::vector<int>{1, 6, 2, 6, 15, 2, 6}));
}

TEST(Scaler, AFailureIsToldOnceAndTriedAgain) {
  World world;
  world.capacity.fail = true;
  world.Register(3, 10);
  world.loop.RunFor(hours(1));
  EXPECT_EQ(world.scaler.activities().size(), 1u);
  EXPECT_EQ(world.scaler.activities().front().status, "Failed");
  world.capacity.fail = false;
  world.loop.RunFor(minutes(1));
  EXPECT_EQ(world.capacity.executions, 3);
}

class ScalerChaos : public testing::TestWithParam<uint64_t> {};

TEST_P(ScalerChaos, StaysWithinItsBoundsAndSettles) {
  SeededRandom random(GetParam());
  World world;
  world.Register(2, 50);
  world.Track(0.5 + static_cast<double>(random.Below(40)) / 100, random.Below(300), random.Below(300));
  for (int step = 0; step < 200; ++step) {
    world.capacity.demand = static_cast<double>(random.Below(80));
    world.loop.RunFor(minutes(1 + random.Below(30)));
    ASSERT_GE(world.capacity.executions, 2);
    ASSERT_LE(world.capacity.executions, 50);
  }
  world.capacity.demand = 10;
  world.loop.RunFor(hours(5));
  const size_t changes = world.capacity.history.size();
  world.loop.RunFor(hours(24));
  EXPECT_EQ(world.capacity.history.size(), changes) << "it swings; seed " << GetParam();
}

INSTANTIATE_TEST_SUITE_P(Seeds, ScalerChaos, testing::Range<uint64_t>(1, 31));

}  // namespace
}  // namespace mayfly::autoscaling
