// If these fail, a test that moves the clock waits for real, or a time limit of the real world ends early.
#include <gtest/gtest.h>

#include "base/calendar_loop.h"
#include "base/event.h"
#include "base/sim_loop.h"
#include "base/task_scope.h"

namespace mayfly {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

TEST(CalendarLoop, IsAsTheRealOneUntilSomebodyMovesIt) {
  SimLoop real;
  CalendarLoop calendar(real);
  TimePoint rang;
  calendar.CallAfter(seconds(5), [&] { rang = calendar.Now(); });
  real.RunUntilIdle();
  EXPECT_EQ(rang, TimePoint(seconds(5)));
  EXPECT_EQ(calendar.WallNow(), real.WallNow());
}

TEST(CalendarLoop, AMoveRunsWhatIsDueInItsOrderAndNotAtOnce) {
  SimLoop real;
  CalendarLoop calendar(real);
  std::string order;
  calendar.CallAfter(hours(2), [&] { order += 'b'; });
  calendar.CallAfter(hours(1), [&] { order += 'a'; });
  calendar.CancelTimer(calendar.CallAfter(hours(1), [&] { order += 'x'; }));
  calendar.CallAfter(hours(3), [&] { order += 'c'; });
  calendar.Advance(hours(2));
  EXPECT_EQ(order, "");
  real.RunUntil(real.Now() + seconds(1));
  EXPECT_EQ(order, "ab");
  EXPECT_EQ(calendar.Now() - real.Now(), hours(2));
  EXPECT_EQ(calendar.WallNow() - real.WallNow(), hours(2));
  real.RunUntilIdle();
  EXPECT_EQ(order, "abc");
  EXPECT_EQ(real.Now(), TimePoint(hours(1)));  // the third was due an hour after the move
}

TEST(CalendarLoop, LimitsOfTheRealWorldDoNotShrink) {
  SimLoop real;
  CalendarLoop calendar(real);
  Event never(calendar);
  Context limited(real);
  limited.deadline = real.Now() + seconds(30);
  Context dated(calendar);
  dated.deadline = calendar.Now() + seconds(30);
  TimePoint limit_ended, date_ended;
  TaskScope tasks(real);
  const auto wait = [](SimLoop& real, Event& event, Context ctx, TimePoint& ended) -> Task<> {
    EXPECT_FALSE(co_await event.Wait(ctx));
    ended = real.Now();
  };
  tasks.Spawn(wait(real, never, limited, limit_ended));
  tasks.Spawn(wait(real, never, dated, date_ended));
  real.RunFor(seconds(1));
  calendar.Advance(hours(1));
  real.RunUntilIdle();
  EXPECT_EQ(date_ended, TimePoint(seconds(1)));
  EXPECT_EQ(limit_ended, TimePoint(seconds(30)));
}

TEST(CalendarLoop, ADeadlineIsAsFarAwayOnTheOtherLoop) {
  SimLoop real;
  CalendarLoop calendar(real);
  calendar.Advance(hours(1));
  const Context endless(real);
  const Context limited = endless.WithDeadline(real.Now() + seconds(30));
  EXPECT_EQ(InTimeOf(calendar, limited).deadline - calendar.Now(), seconds(30));
  EXPECT_EQ(InTimeOf(calendar, endless).deadline, TimePoint::max());
}

}  // namespace
}  // namespace mayfly
