// If these fail, tasks hang, leak, run twice or outlive what they belong to.
#include <gtest/gtest.h>

#include "base/blocking_pool.h"
#include "base/event.h"
#include "base/real_loop.h"
#include "base/sim_loop.h"
#include "base/task_scope.h"

namespace mayfly {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

// What g++ 12 miscompiles: temporaries of aggregates and of lambdas with captures inside co_await (docs/dependencies.md).
struct Aggregate {
  std::string text;
  int number;
};
Task<size_t> TakesAggregate(Aggregate aggregate) { co_return aggregate.text.size(); }
Task<size_t> TakesFunction(std::function<size_t()> function) { co_return function(); }

TEST(CoroutineCanary, TemporariesInsideAwaitAreDestroyedOnce) {
  SimLoop loop;
  const auto total = loop.Run([]() -> Task<size_t> {
    const std::string captured(100, 'x');
    size_t sum = co_await TakesAggregate({std::string(1000, 'a'), 1});
    sum += co_await TakesFunction([captured] { return captured.size(); });
    sum += sum > 0 ? co_await TakesAggregate({"abc", 2}) : co_await TakesAggregate({"d", 3});
    co_return sum;
  }());
  EXPECT_EQ(total, 1103u);
}

TEST(Task, AMillionAwaitsUseNoStack) {
  SimLoop loop;
  auto one = []() -> Task<int> { co_return 1; };
  const int sum = loop.Run([](auto one) -> Task<int> {
    int total = 0;
    for (int i = 0; i < 1'000'000; ++i) total += co_await one();
    co_return total;
  }(one));
  EXPECT_EQ(sum, 1'000'000);
}

TEST(SimLoop, ADayOfTimersTakesNoTime) {
  SimLoop loop;
  Context ctx(loop);
  const TimePoint start = loop.Now();
  loop.RunVoid([](Context& ctx) -> Task<> { EXPECT_TRUE(co_await Sleep(ctx, hours(24))); }(ctx));
  EXPECT_EQ(loop.Now() - start, hours(24));
}

TEST(Event, WaitEndsBySetDeadlineOrStop) {
  SimLoop loop;
  Event event(loop);
  Context ctx(loop);
  ctx.deadline = loop.Now() + seconds(1);
  auto late = loop.Run([](Context& ctx, Event& event) -> Task<Result<>> { co_return co_await event.Wait(ctx); }(ctx, event));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, "DeadlineExceeded");

  std::stop_source source;
  Context stoppable(loop);
  stoppable.stop = source.get_token();
  loop.CallAfter(seconds(1), [&] { source.request_stop(); });
  auto stopped = loop.Run([](Context& ctx, Event& event) -> Task<Result<>> { co_return co_await event.Wait(ctx); }(stoppable, event));
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, "Cancelled");

  Context patient(loop);
  loop.CallAfter(seconds(1), [&] { event.Set(); });
  EXPECT_TRUE(loop.Run([](Context& ctx, Event& event) -> Task<Result<>> { co_return co_await event.Wait(ctx); }(patient, event)));
  EXPECT_EQ(loop.timers(), 0u);
}

TEST(TaskScope, DestroysSuspendedTasksWithTheirLocals) {
  SimLoop loop;
  auto alive = std::make_shared<int>(1);
  {
    Event never(loop);
    TaskScope scope(loop);
    scope.Spawn([](std::shared_ptr<int> held, Event& never) -> Task<> { co_await never.Wait(); }(alive, never));
    EXPECT_EQ(alive.use_count(), 2);
  }
  EXPECT_EQ(alive.use_count(), 1);
}

TEST(TaskScope, JoinWaitsForAll) {
  SimLoop loop;
  TaskScope scope(loop);
  int done = 0;
  for (int i = 1; i <= 3; ++i) {
    scope.Spawn([](Loop& loop, int i, int& done) -> Task<> {
      Context ctx(loop);
      EXPECT_TRUE(co_await Sleep(ctx, seconds(i)));
      ++done;
    }(loop, i, done));
  }
  loop.RunVoid([](TaskScope& scope) -> Task<> { co_await scope.Join(); }(scope));
  EXPECT_EQ(done, 3);
}

TEST(RealLoop, TimersRunInOrderAndCancelledOnesNever) {
  RealLoop loop;
  std::string order;
  const TimePoint now = loop.Now();
  loop.CallAt(now + milliseconds(3), [&] { order += 'c'; });
  loop.CallAt(now + milliseconds(1), [&] { order += 'a'; });
  const auto cancelled = loop.CallAt(now + milliseconds(2), [&] { order += 'x'; });
  loop.CancelTimer(cancelled);
  loop.CallAt(now + milliseconds(2), [&] { order += 'b'; });
  loop.CallAt(now + milliseconds(5), [&] { loop.Stop(); });
  loop.Run();
  EXPECT_EQ(order, "abc");
}

TEST(BlockingPool, RunsElsewhereAndComesBack) {
  RealLoop loop;
  BlockingPool pool("test", 2);
  const auto here = std::this_thread::get_id();
  auto result = loop.Run([](Loop& loop, BlockingPool& pool, std::thread::id here) -> Task<bool> {
    const auto there = co_await pool.Run(loop, [] { return std::this_thread::get_id(); });
    co_return there != here && std::this_thread::get_id() == here;
  }(loop, pool, here));
  EXPECT_TRUE(result);
}

// If this fails, a pin that a function held may still keep a package when its task goes on to delete it.
TEST(BlockingPool, WhatAFunctionOwnsHasGoneBeforeItsTaskGoesOn) {
  RealLoop loop;
  BlockingPool pool("test", 2);
  const int left = loop.Run([](Loop& loop, BlockingPool& pool) -> Task<int> {
    int left = 0;
    for (int i = 0; i < 2000; ++i) {
      const auto owned = std::make_shared<std::string>("owned");
      co_await pool.Run(loop, [copy = owned] { return copy->size(); });
      if (owned.use_count() > 1) ++left;
    }
    co_return left;
  }(loop, pool));
  EXPECT_EQ(left, 0);
}

}  // namespace
}  // namespace mayfly
