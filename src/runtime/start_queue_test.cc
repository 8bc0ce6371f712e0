// If these fail, a burst of one function keeps others from starting, or starts stop for ever.
#include "runtime/start_queue.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "base/sim_loop.h"
#include "base/task_scope.h"

namespace mayfly::runtime {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct World {
  SimLoop loop;
  StartQueue queue;
  TaskScope tasks{loop};
  std::vector<std::string> order;
  int starting = 0;
  int starting_max = 0;
  int refused = 0;

  explicit World(StartQueue::Options options) : queue(loop, options) {}
  void Start(std::string function, Duration takes, TimePoint leaves = TimePoint::max()) { tasks.Spawn(Run(std::move(function), takes, leaves)); }
  Task<> Run(std::string function, Duration takes, TimePoint leaves) {
    Context ctx(loop);
    ctx.deadline = leaves;
    auto place = co_await queue.Take(ctx, function);
    if (!place) {
      ++refused;
      co_return;
    }
    place.value()->SetMeter([] { return Duration(); });
    order.push_back(function);
    starting_max = std::max(starting_max, ++starting);
    Context own(loop);
    (void)co_await Sleep(own, takes);
    --starting;
  }
};

TEST(StartQueue, FunctionsThatWaitTakeTurns) {
  World world({.places = 1, .look_every = seconds(10)});
  for (int i = 0; i < 4; ++i) world.Start("flood", milliseconds(10));
  world.Start("small", milliseconds(10));
  world.Start("other", milliseconds(10));
  world.loop.RunUntilIdle();
  EXPECT_EQ(world.order, (std::vector<std::string>{"flood", "flood", "small", "other", "flood", "flood"}));
  EXPECT_EQ(world.starting_max, 1);
}

TEST(StartQueue, AnInitThatOnlyWaitsDoesNotStopTheOthers) {
  World world({.places = 2, .look_every = milliseconds(100)});
  for (int i = 0; i < 10; ++i) world.Start("slow", seconds(60));
  world.loop.RunFor(milliseconds(1650));
  EXPECT_EQ(world.starting, 10);
}

Task<> TakePlace(World& world, std::unique_ptr<StartQueue::Place>& place) {
  Context ctx(world.loop);
  place = (co_await world.queue.Take(ctx, "worker")).value();
}

TEST(StartQueue, AnInitThatWorksKeepsItsPlaceUntilItOnlyWaits) {
  World world({.places = 1, .look_every = milliseconds(100)});
  std::unique_ptr<StartQueue::Place> place;
  world.tasks.Spawn(TakePlace(world, place));
  Duration used{}, works = milliseconds(20);  // in each look
  place->SetMeter([&] { return used += works; });
  world.Start("other", seconds(1));
  world.loop.RunFor(milliseconds(950));
  EXPECT_EQ(world.starting, 0);
  works = milliseconds(1);
  world.loop.RunFor(milliseconds(500));
  EXPECT_EQ(world.starting, 1);
}

TEST(StartQueue, WhoLeavesGivesItsTurnAway) {
  World world({.places = 1, .look_every = seconds(10)});
  world.Start("a", milliseconds(50));
  world.Start("gone", milliseconds(1), world.loop.Now() + milliseconds(10));
  world.Start("b", milliseconds(1));
  world.loop.RunUntilIdle();
  EXPECT_EQ(world.order, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(world.refused, 1);
  EXPECT_EQ(world.queue.waiting(), 0u);
}

class StartQueueChaos : public testing::TestWithParam<uint64_t> {};

TEST_P(StartQueueChaos, EveryoneGetsAPlaceOrLeaves) {
  SeededRandom random(GetParam());
  World world({.places = 3, .look_every = seconds(100)});
  for (int i = 0; i < 300; ++i) {
    const Duration at = milliseconds(random.Below(2000));
    world.loop.CallAfter(at, [&] {
      const TimePoint leaves = random.Below(4) == 0 ? world.loop.Now() + milliseconds(random.Below(200)) : TimePoint::max();
      world.Start("function-" + std::to_string(random.Below(5)), milliseconds(1 + random.Below(40)), leaves);
    });
  }
  world.loop.RunUntilIdle();
  EXPECT_EQ(world.order.size() + static_cast<size_t>(world.refused), 300u);
  EXPECT_EQ(world.tasks.size(), 0u);
  EXPECT_EQ(world.starting_max, 3);
  world.order.clear();
  for (int i = 0; i < 3; ++i) world.Start("after", milliseconds(1));
  EXPECT_EQ(world.order.size(), 3u);  // all places are free again
}

INSTANTIATE_TEST_SUITE_P(Seeds, StartQueueChaos, testing::Range<uint64_t>(1, 21));

}  // namespace
}  // namespace mayfly::runtime
