// If these fail, two daemons on one store do not see each other's changes, or undo them.
#include <gtest/gtest.h>

#include "base/real_loop.h"
#include "base/sim_loop.h"
#include "base/task_scope.h"
#include "resources/edit.h"
#include "resources/shelves.h"
#include "store/test_directory.h"

namespace mayfly::resources {
namespace {

using std::chrono::milliseconds;

// Until both have heard of everything.
Task<> Settle(Context& ctx, Shelves& a, Shelves& b) {
  for (int i = 0; i < 1000 && RowsOf(a) != RowsOf(b); ++i) (void)co_await Sleep(ctx, milliseconds(5));
  (void)co_await Sleep(ctx, milliseconds(20));
}

Task<> EachSeesTheOther(Context& ctx, store::Store& store) {
  Shelves a(store), b(store);
  std::string heard;
  b.shelves.OnChange([&](const std::string& key, const auto& old_value, const auto& new_value) {
    heard += key + ':' + (old_value ? old_value->text : "-") + '>' + (new_value ? new_value->text : "-") + ' ';
  });
  EXPECT_TRUE(co_await a.all.Open(ctx));
  EXPECT_TRUE(co_await b.all.Open(ctx));
  EXPECT_TRUE(co_await Put(ctx, a.shelves, "a/s", "1"));
  EXPECT_TRUE(co_await Put(ctx, a.notes, "a/s/1", "note"));
  co_await Settle(ctx, a, b);
  EXPECT_TRUE(b.notes.Find("a/s/1") && b.notes.Find("a/s/1")->text == "note");
  EXPECT_TRUE(co_await Put(ctx, b.shelves, "a/s", "2"));
  EXPECT_TRUE(co_await Put(ctx, b.shelves, "a/t", "3"));
  co_await Settle(ctx, a, b);
  EXPECT_EQ(a.shelves.Find("a/s")->text, "2");
  EXPECT_TRUE(co_await Delete(ctx, a.shelves, "a/s"));
  co_await Settle(ctx, a, b);
  EXPECT_EQ(b.shelves.Find("a/s"), nullptr);
  EXPECT_EQ(b.notes.size(), 0u);
  EXPECT_TRUE(co_await store.Clear(ctx));
  co_await Settle(ctx, a, b);
  EXPECT_EQ(a.shelves.size() + b.shelves.size(), 0u);
  EXPECT_EQ(heard, "a/s:->1 a/s:1>2 a/t:->3 a/s:2>- a/t:3>- ");
}

// Both write before either has heard of the other.
Task<> ConflictsAreFound(Context& ctx, store::Store& store) {
  Shelves a(store), b(store);
  EXPECT_TRUE(co_await a.all.Open(ctx));
  EXPECT_TRUE(co_await b.all.Open(ctx));
  EXPECT_TRUE(co_await Put(ctx, a.shelves, "a/s", "1"));
  EXPECT_TRUE(co_await Put(ctx, a.shelves, "a/t", "1"));
  co_await Settle(ctx, a, b);
  Change first(a.all), second(b.all), third(b.all), orphan(b.all);
  EXPECT_TRUE(first.Put(a.shelves, "a/s", Note{"a"}));
  EXPECT_TRUE(first.Delete(a.shelves, "a/t", a.shelves.Find("a/t")));
  EXPECT_TRUE(first.Create(a.shelves, "a/u", Note{"a"}));
  EXPECT_TRUE(second.Put(b.shelves, "a/s", Note{"b"}));
  EXPECT_TRUE(third.Create(b.shelves, "a/u", Note{"b"}));
  EXPECT_TRUE(orphan.Create(b.notes, "a/t/1", Note{"b"}));
  EXPECT_TRUE(co_await first.Commit(ctx));
  const auto stale = co_await second.Commit(ctx);
  EXPECT_TRUE(!stale && stale.error().IsService("ResourceConflictException") && second.blocker());
  const auto exists = co_await third.Commit(ctx);
  EXPECT_EQ(exists.error().message, "The resource already exists: a/u");
  EXPECT_TRUE(!co_await orphan.Commit(ctx));
  EXPECT_TRUE(co_await b.shelves.WaitUntilFree(ctx, "a/s"));
  EXPECT_EQ(b.shelves.Find("a/s")->text, "a");
  co_await Settle(ctx, a, b);
  EXPECT_EQ(b.notes.size(), 0u);
  EXPECT_EQ(RowsOf(a), RowsOf(b));
}

// What one puts on a shelf while the other deletes it: it goes with the shelf, or is refused.
Task<> NothingIsLeftOnAShelfThatHasGone(Context& ctx, store::Store& store) {
  Shelves a(store), b(store);
  EXPECT_TRUE(co_await a.all.Open(ctx));
  EXPECT_TRUE(co_await b.all.Open(ctx));
  EXPECT_TRUE(co_await Put(ctx, a.shelves, "a/s", "1"));
  co_await Settle(ctx, a, b);
  Change deletion(a.all), note(b.all);
  EXPECT_TRUE(deletion.Delete(a.shelves, "a/s", a.shelves.Find("a/s")));
  EXPECT_TRUE(note.Create(b.notes, "a/s/1", Note{"n"}));
  EXPECT_TRUE(co_await note.Commit(ctx));
  EXPECT_TRUE(co_await deletion.Commit(ctx));
  co_await Settle(ctx, a, b);
  const auto left = co_await store.Scan(ctx, "notes", "", "", 9);
  EXPECT_TRUE(left->empty());
  EXPECT_EQ(a.notes.size() + b.notes.size(), 0u);
}

// Counters that both add to as fast as they can.
Task<> NothingIsLost(Context& ctx, store::Store& store) {
  Shelves a(store), b(store);
  EXPECT_TRUE(co_await a.all.Open(ctx));
  EXPECT_TRUE(co_await b.all.Open(ctx));
  EXPECT_TRUE(co_await Put(ctx, a.shelves, "a/s", ""));
  co_await Settle(ctx, a, b);
  int done = 0;
  TaskScope editors(*ctx.loop);
  for (int i = 0; i < 40; ++i) {
    editors.Spawn([](Context& ctx, Shelves& shelves, int& done) -> Task<> {
      const auto outcome = co_await Append(ctx, shelves, "a/s", ".");
      EXPECT_TRUE(outcome) << outcome.error().ToString();
      if (outcome) ++done;
    }(ctx, i % 2 ? a : b, done));
  }
  co_await editors.Join();
  co_await Settle(ctx, a, b);
  EXPECT_EQ(done, 40);
  EXPECT_EQ(a.shelves.Find("a/s")->text.size(), 40u);
  EXPECT_EQ(RowsOf(a), RowsOf(b));
}

using Scenario = Task<> (*)(Context& ctx, store::Store& store);

class TwoWriters : public testing::TestWithParam<std::pair<const char*, Scenario>> {};

TEST_P(TwoWriters, OverTheMemoryStore) {
  for (const Duration latency : {Duration(0), Duration(milliseconds(5))}) {
    SimLoop loop;
    Context ctx(loop);
    const auto store = store::MakeMemoryStore(loop, 1, {.latency = latency});
    loop.RunVoid(GetParam().second(ctx, *store));
  }
}

TEST_P(TwoWriters, OverSqlite) {
  store::TestDirectory directory;
  RealLoop loop;
  Context ctx(loop);
  const auto store = store::OpenSqliteStore(loop, {.path = directory / "test.db"});
  ASSERT_TRUE(store);
  loop.RunVoid(GetParam().second(ctx, **store));
}

INSTANTIATE_TEST_SUITE_P(All, TwoWriters,
                         testing::Values(std::pair("EachSeesTheOther", &EachSeesTheOther), std::pair("ConflictsAreFound", &ConflictsAreFound),
                                         std::pair("NothingIsLeftOnAShelfThatHasGone", &NothingIsLeftOnAShelfThatHasGone),
                                         std::pair("NothingIsLost", &NothingIsLost)),
                         [](const auto& info) { return std::string(info.param.first); });

// Two daemons and their clients over one store that fails now and then; each daemon ends once in the middle, with changes staged
// and commits on their way, and starts again. What the store has afterwards is what both see, nothing lies on a shelf that has
// gone, and no edit that was answered with success is missing.
class WritersSimulation {
 public:
  explicit WritersSimulation(uint64_t seed)
      : random_(seed), store_(store::MakeMemoryStore(loop_, seed, {.latency = milliseconds(3), .failure_rate = 0.05})) {}

  void Run() {
    for (auto& daemon : daemons_) Start(daemon);
    for (int round = 0; round < 6; ++round) {
      loop_.RunFor(milliseconds(200));
      if (round == 2 || round == 4) {
        auto& daemon = daemons_[static_cast<size_t>(round / 2 - 1)];
        daemon.reset();  // as kill -9: no task of it goes on
        Start(daemon);
      }
    }
    for (auto& daemon : daemons_) daemon->stopping = true;
    loop_.RunUntilIdle();
    Check();
  }

 private:
  struct Daemon {
    Daemon(Loop& loop, store::Store& store) : shelves(store), clients(loop) {}
    Shelves shelves;
    bool stopping = false;
    TaskScope clients;
  };

  void Start(std::unique_ptr<Daemon>& daemon) {
    daemon = std::make_unique<Daemon>(loop_, *store_);
    ASSERT_TRUE(loop_.Run(daemon->shelves.all.Open(ctx_)));
    for (int client = 0; client < 4; ++client) {
      daemon->clients.Spawn([](WritersSimulation& sim, Daemon& daemon) -> Task<> {
        while (!daemon.stopping) co_await sim.Step(daemon.shelves);
      }(*this, *daemon));
    }
  }

  // Texts grow by one mark per edit, so that a lost edit is seen; a shelf is never deleted but with its marks counted away.
  Task<> Step(Shelves& shelves) {
    const std::string shelf = "a/s" + std::to_string(random_.Below(3));
    const std::string note = shelf + '/' + std::to_string(random_.Below(3));
    const std::string mark = random_.Hex(4) + ' ';
    const uint64_t what = random_.Below(20);
    if (what == 0) {
      if (shelf != "a/s0") (void)co_await Delete(ctx_, shelves.shelves, shelf);
    } else if (what < 5) {
      (void)co_await Put(ctx_, shelves.notes, note, mark);
    } else if (what < 8 && !shelves.shelves.Find(shelf)) {
      Change change(shelves.all);
      if (change.Create(shelves.shelves, shelf, Note{})) (void)co_await change.Commit(ctx_);
    } else if (co_await Append(ctx_, shelves, shelf, mark) && shelf == "a/s0") {
      marks_.push_back(mark);
    }
    (void)co_await Sleep(ctx_, milliseconds(1));
  }

  void Check() {
    const auto rows = RowsOf(daemons_[0]->shelves);
    EXPECT_EQ(rows, RowsOf(daemons_[1]->shelves));
    Shelves fresh(*store_);
    ASSERT_TRUE(loop_.Run(fresh.all.Open(ctx_)));
    EXPECT_EQ(rows, RowsOf(fresh));
    for (const auto& [key, text] : rows) {
      if (std::count(key.begin(), key.end(), '/') > 1) EXPECT_TRUE(rows.contains(key.substr(0, key.rfind('/')))) << key << " has no shelf";
    }
    EXPECT_GT(marks_.size(), 10u);
    for (const std::string& mark : marks_) EXPECT_NE(rows.at("a/s0").find(mark), std::string::npos) << mark;
  }

  SimLoop loop_;
  SeededRandom random_;
  std::unique_ptr<store::Store> store_;
  Context ctx_{loop_};
  std::vector<std::string> marks_;  // of edits of a/s0, which is never deleted, that were answered with success
  std::unique_ptr<Daemon> daemons_[2];
};

TEST(TwoWritersSimulation, NothingIsLostAndBothAgreeInTheEnd) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(seed);
    WritersSimulation(seed).Run();
    if (testing::Test::HasFailure()) break;
  }
}

}  // namespace
}  // namespace mayfly::resources
