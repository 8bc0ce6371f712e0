// If these fail, an edit is lost among others, waits for ever, or is refused because somebody else was at the row.
#include "resources/edit.h"

#include <gtest/gtest.h>

#include "base/sim_loop.h"
#include "base/task_scope.h"
#include "resources/shelves.h"

namespace mayfly::resources {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class EditTest : public testing::Test {
 protected:
  EditTest() {
    EXPECT_TRUE(loop_.Run(shelves_.all.Open(ctx_)));
    EXPECT_TRUE(loop_.Run(Put(ctx_, shelves_.shelves, "a/s", "")));
  }
  // Runs beside others; tells how it ended.
  void Start(Task<Result<>> task, std::optional<Result<>>& outcome) {
    scope_.Spawn([](Task<Result<>> task, std::optional<Result<>>& outcome) -> Task<> { outcome = co_await std::move(task); }(std::move(task), outcome));
  }
  std::string Text() { return shelves_.shelves.Find("a/s")->text; }

  SimLoop loop_;
  std::unique_ptr<store::Store> store_ = store::MakeMemoryStore(loop_, 1, {.latency = milliseconds(5)});
  Context ctx_{loop_};
  Shelves shelves_{*store_};
  TaskScope scope_{loop_};
};

TEST_F(EditTest, EditorsOfOneRowTakeTurnsInTheOrderInWhichTheyCame) {
  std::optional<Result<>> outcomes[5];
  for (int i = 0; i < 5; ++i) Start(Append(ctx_, shelves_, "a/s", std::to_string(i)), outcomes[i]);
  loop_.RunUntilIdle();
  for (const auto& outcome : outcomes) EXPECT_TRUE(outcome && *outcome);
  EXPECT_EQ(Text(), "01234");
}

TEST_F(EditTest, AChangeThatIsOnItsWayComesFirst) {
  Change change(shelves_.all);
  ASSERT_TRUE(change.Put(shelves_.shelves, "a/s", Note{"first "}));
  std::optional<Result<>> outcome;
  Start(Append(ctx_, shelves_, "a/s", "then"), outcome);
  loop_.RunFor(seconds(10));
  EXPECT_FALSE(outcome);
  ASSERT_TRUE(loop_.Run(change.Commit(ctx_)));
  loop_.RunUntilIdle();
  EXPECT_TRUE(outcome && *outcome);
  EXPECT_EQ(Text(), "first then");
}

TEST_F(EditTest, ErrorsOfTheEditAndMissingRowsAreAnsweredAtOnce) {
  const auto missing = loop_.Run(Append(ctx_, shelves_, "a/none", "x"));
  EXPECT_EQ(missing.error().message, "No shelf: a/none");
  const auto refused = loop_.Run(Edit(ctx_, shelves_.shelves, "a/s", [](Note&) -> Result<> { return Fail(Error::Service("No", "no")); }));
  EXPECT_TRUE(refused.error().IsService("No"));
  EXPECT_EQ(Text(), "");
}

TEST_F(EditTest, ARowThatIsDeletedMeanwhileIsMissing) {
  Change deletion(shelves_.all);
  ASSERT_TRUE(deletion.Delete(shelves_.shelves, "a/s", shelves_.shelves.Find("a/s")));
  std::optional<Result<>> edit, note;
  Start(Append(ctx_, shelves_, "a/s", "x"), edit);
  Start(EditWith(ctx_, shelves_.notes, "a/s/1", [&](Change& change, const auto&) { return change.Create(shelves_.notes, "a/s/1", Note{"n"}); }), note);
  loop_.RunUntilIdle();
  ASSERT_TRUE(loop_.Run(deletion.Commit(ctx_)));
  loop_.RunUntilIdle();
  EXPECT_EQ(edit->error().message, "No shelf: a/s");
  EXPECT_EQ(note->error().message, "No shelf: a/s");
  EXPECT_EQ(shelves_.notes.size(), 0u);
}

TEST_F(EditTest, WhoWaitsLeavesAtItsDeadlineAndThoseBehindItGoOn) {
  auto change = std::make_unique<Change>(shelves_.all);
  ASSERT_TRUE(change->Put(shelves_.shelves, "a/s", Note{"never"}));
  Context first = ctx_.WithDeadline(loop_.Now() + seconds(1)), second = ctx_.WithDeadline(loop_.Now() + seconds(2));
  std::optional<Result<>> outcomes[3];
  Start(Append(first, shelves_, "a/s", "1"), outcomes[0]);   // has its turn
  Start(Append(second, shelves_, "a/s", "2"), outcomes[1]);  // waits for it
  Start(Append(ctx_, shelves_, "a/s", "3"), outcomes[2]);
  loop_.RunFor(milliseconds(1500));
  ASSERT_TRUE(outcomes[0] && !outcomes[1] && !outcomes[2]);
  EXPECT_EQ(outcomes[0]->error().code, "DeadlineExceeded");
  loop_.RunFor(seconds(1));
  ASSERT_TRUE(outcomes[1] && !outcomes[2]);
  EXPECT_EQ(outcomes[1]->error().code, "DeadlineExceeded");
  change.reset();
  loop_.RunUntilIdle();
  EXPECT_TRUE(outcomes[2] && *outcomes[2]);
  EXPECT_EQ(Text(), "3");
}

TEST_F(EditTest, TooManyEditorsOfARowAreRefused) {
  auto change = std::make_unique<Change>(shelves_.all);
  ASSERT_TRUE(change->Put(shelves_.shelves, "a/s", Note{"never"}));
  std::vector<std::optional<Result<>>> outcomes(RowWaits::kLineMax + 1);
  for (auto& outcome : outcomes) Start(Append(ctx_, shelves_, "a/s", "x"), outcome);
  const auto refused = loop_.Run(Append(ctx_, shelves_, "a/s", "x"));
  EXPECT_TRUE(refused.error().IsService("ResourceConflictException"));
  EXPECT_TRUE(loop_.Run(Put(ctx_, shelves_.shelves, "a/t", "")));
  EXPECT_TRUE(loop_.Run(Append(ctx_, shelves_, "a/t", "another row's")));
  change.reset();
  loop_.RunUntilIdle();
  EXPECT_EQ(Text().size(), outcomes.size());
}

TEST_F(EditTest, AFrameThatIsDestroyedPassesItsTurnOn) {
  auto change = std::make_unique<Change>(shelves_.all);
  ASSERT_TRUE(change->Put(shelves_.shelves, "a/s", Note{"never"}));
  auto gone = std::make_unique<TaskScope>(loop_);
  for (int i = 0; i < 3; ++i) gone->Spawn([](Context& ctx, Shelves& shelves) -> Task<> { (void)co_await Append(ctx, shelves, "a/s", "gone"); }(ctx_, shelves_));
  std::optional<Result<>> outcome;
  Start(Append(ctx_, shelves_, "a/s", "stays"), outcome);
  gone.reset();
  change.reset();
  loop_.RunUntilIdle();
  EXPECT_TRUE(outcome && *outcome);
  EXPECT_EQ(Text(), "stays");
}

// Editors, deleters and plain changes of a few rows on a store that fails now and then; some are gone before they are done. Each
// edit that was answered with success is there once, in an order that all agree on.
TEST(EditSimulation, NoEditIsLostAndNoneWaitsForEver) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(seed);
    SimLoop loop;
    SeededRandom random(seed);
    auto store = store::MakeMemoryStore(loop, seed, {.latency = milliseconds(3), .failure_rate = 0.1});
    Context ctx(loop);
    Shelves shelves(*store);
    ASSERT_TRUE(loop.Run(shelves.all.Open(ctx)));
    for (int i = 0; i < 3; ++i) {
      while (!loop.Run(Put(ctx, shelves.shelves, "a/s" + std::to_string(i), ""))) {}
    }
    int done = 0, ended = 0;
    {
      TaskScope scope(loop);
      for (int i = 0; i < 200; ++i) {
        const std::string key = "a/s" + std::to_string(random.Below(3));
        const Duration wait = milliseconds(random.Below(300)), patience = milliseconds(random.Below(400));
        scope.Spawn([](Context ctx, Shelves& shelves, std::string key, Duration wait, Duration patience, int& done, int& ended) -> Task<> {
          (void)co_await Sleep(ctx, wait);
          ctx.deadline = ctx.loop->Now() + patience;
          const auto outcome = co_await Append(ctx, shelves, key, ".");
          if (outcome) ++done;
          else EXPECT_TRUE(outcome.error().kind != Error::Kind::Service) << outcome.error().ToString();
          ++ended;
        }(ctx, shelves, key, wait, patience, done, ended));
      }
      loop.RunUntilIdle();
    }
    EXPECT_EQ(ended, 200);
    size_t written = 0;
    for (const auto& [key, text] : RowsOf(shelves)) written += text.size();
    EXPECT_EQ(written, static_cast<size_t>(done));
    EXPECT_GT(done, 50);
  }
}

}  // namespace
}  // namespace mayfly::resources
