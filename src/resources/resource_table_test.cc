// If these fail, a change of resources is seen half, lost after a restart, or made over one that its caller had not read.
#include "resources/resource_table.h"

#include <gtest/gtest.h>

#include "base/sim_loop.h"
#include "base/task_scope.h"
#include "resources/edit.h"
#include "resources/shelves.h"

namespace mayfly::resources {
namespace {

class ResourceTableTest : public testing::Test {
 protected:
  ResourceTableTest() { EXPECT_TRUE(loop_.Run(shelves_.all.Open(ctx_))); }

  SimLoop loop_;
  std::unique_ptr<store::Store> store_ = store::MakeMemoryStore(loop_, 1, {.latency = std::chrono::milliseconds(5)});
  Context ctx_{loop_};
  Shelves shelves_{*store_};

  bool Put(ResourceTable<Note>& table, const std::string& key, const std::string& text) {
    return loop_.Run(resources::Put(ctx_, table, key, text)).has_value();
  }
  bool Delete(ResourceTable<Note>& table, const std::string& key) { return loop_.Run(resources::Delete(ctx_, table, key)).has_value(); }
};

TEST_F(ResourceTableTest, RowsSurviveReopening) {
  ASSERT_TRUE(Put(shelves_.shelves, "a/s", "one"));
  ASSERT_TRUE(Put(shelves_.notes, "a/s/1", "note"));
  ASSERT_TRUE(Put(shelves_.shelves, "a/s", "two"));
  Shelves again(*store_);
  ASSERT_TRUE(loop_.Run(again.all.Open(ctx_)));
  EXPECT_EQ(again.shelves.Find("a/s")->text, "two");
  EXPECT_EQ(again.notes.Find("a/s/1")->text, "note");
  EXPECT_EQ(again.notes.Find("a/s"), nullptr);
}

TEST_F(ResourceTableTest, ListsInTheOrderOfKeysAfterAKeyThatMayHaveGone) {
  for (const char* key : {"a/r/f", "a/r/g", "a/r/h", "a/s/f", "b/r/f"}) ASSERT_TRUE(Put(shelves_.shelves, key, key));
  const auto keys = [&](std::string_view prefix, std::string_view after, size_t limit) {
    std::string joined;
    for (const auto& row : shelves_.shelves.List(prefix, after, limit)) joined += row.key + ' ';
    return joined;
  };
  EXPECT_EQ(keys("a/r/", "", 9), "a/r/f a/r/g a/r/h ");
  EXPECT_EQ(keys("a/r/", "a/r/f", 1), "a/r/g ");
  EXPECT_EQ(keys("a/r/", "a/r/ff", 9), "a/r/g a/r/h ");
  EXPECT_EQ(keys("a/r/", "a", 9), "a/r/f a/r/g a/r/h ");
  EXPECT_EQ(keys("c/", "", 9), "");
}

TEST_F(ResourceTableTest, WhoAsksTwiceGetsTheSameValueUntilItChanges) {
  ASSERT_TRUE(Put(shelves_.shelves, "a/s", "one"));
  const auto first = shelves_.shelves.Find("a/s");
  for (size_t i = 0; i < 3 * ParsedRows::kRecentMax; ++i) ASSERT_TRUE(Put(shelves_.shelves, "b/" + std::to_string(i), "other"));
  EXPECT_EQ(shelves_.shelves.Find("a/s"), first);
  ASSERT_TRUE(Put(shelves_.shelves, "a/s", "two"));
  EXPECT_EQ(first->text, "one");
  EXPECT_EQ(shelves_.shelves.Find("a/s")->text, "two");
}

TEST_F(ResourceTableTest, WhatHangsOnARowGoesWithItAndOnlyThat) {
  for (const char* key : {"a/s", "a/s2", "a/s-x"}) {
    ASSERT_TRUE(Put(shelves_.shelves, key, key));
    ASSERT_TRUE(Put(shelves_.boards, std::string(key) + "/007", "board"));
    ASSERT_TRUE(Put(shelves_.notes, std::string(key) + "/0", "note"));
    ASSERT_TRUE(Put(shelves_.notes, std::string(key) + "/7/more", "note"));
  }
  const auto orphan = loop_.Run(resources::Put(ctx_, shelves_.notes, "a/none/1", "note"));
  ASSERT_FALSE(orphan);
  EXPECT_EQ(orphan.error().message, "No shelf: a/none");
  ASSERT_TRUE(Delete(shelves_.boards, "a/s-x/007"));
  EXPECT_EQ(shelves_.notes.Find("a/s-x/7/more"), nullptr);
  EXPECT_NE(shelves_.notes.Find("a/s-x/0"), nullptr);
  ASSERT_TRUE(Delete(shelves_.shelves, "a/s"));
  EXPECT_TRUE(shelves_.notes.List("a/s/", "", 9).empty());
  EXPECT_TRUE(shelves_.boards.List("a/s/", "", 9).empty());
  EXPECT_EQ(shelves_.notes.size(), 3u);
  Shelves again(*store_);
  ASSERT_TRUE(loop_.Run(again.all.Open(ctx_)));
  EXPECT_EQ(again.notes.size(), 3u);
  EXPECT_EQ(again.boards.size(), 1u);
}

TEST_F(ResourceTableTest, AStaleOrBusyRowIsNotChanged) {
  ASSERT_TRUE(Put(shelves_.shelves, "a/s", "one"));
  const auto read = shelves_.shelves.Find("a/s");
  ASSERT_TRUE(Put(shelves_.shelves, "a/s", "two"));
  Change stale(shelves_.all);
  EXPECT_TRUE(stale.Replace(shelves_.shelves, "a/s", read, Note{"three"}).error().IsService("ResourceConflictException"));
  EXPECT_FALSE(stale.blocker()) << "waiting would not help";
  {
    Change first(shelves_.all), second(shelves_.all);
    EXPECT_TRUE(first.Put(shelves_.shelves, "a/s", Note{"first"}));
    EXPECT_FALSE(second.Put(shelves_.shelves, "a/s", Note{"second"}));
    EXPECT_EQ(second.blocker()->key, "a/s");
    EXPECT_TRUE(first.Create(shelves_.shelves, "a/t", Note{"new"}));
    EXPECT_EQ(shelves_.shelves.Find("a/t"), nullptr) << "seen before it is durable";
    EXPECT_FALSE(second.Create(shelves_.shelves, "a/t", Note{"new"}));
  }  // neither is committed: both give way
  EXPECT_EQ(shelves_.shelves.Find("a/s")->text, "two");
  EXPECT_EQ(shelves_.shelves.Find("a/t"), nullptr);
  EXPECT_TRUE(Put(shelves_.shelves, "a/s", "three"));
  EXPECT_EQ(Change(shelves_.all).Create(shelves_.shelves, "a/s", Note{"four"}).error().message, "The resource already exists: a/s");
  EXPECT_EQ(Change(shelves_.all).Replace(shelves_.shelves, "a/t", read, Note{"four"}).error().message, "No shelf: a/t");
}

TEST_F(ResourceTableTest, NothingIsPutOnWhatIsBeingDeletedOrMade) {
  ASSERT_TRUE(Put(shelves_.shelves, "a/s", "one"));
  ASSERT_TRUE(Put(shelves_.boards, "a/s/012", "board"));
  {
    Change deletion(shelves_.all);
    ASSERT_TRUE(deletion.Delete(shelves_.boards, "a/s/012", shelves_.boards.Find("a/s/012")));
    EXPECT_FALSE(Put(shelves_.notes, "a/s/12", "late"));
    EXPECT_FALSE(Put(shelves_.notes, "a/s/12/more", "late"));
    EXPECT_TRUE(Put(shelves_.notes, "a/s/1", "of another board, which need not be there"));
  }
  EXPECT_TRUE(Put(shelves_.notes, "a/s/12", "it stays"));
  Change deletion(shelves_.all), creation(shelves_.all);
  ASSERT_TRUE(creation.Create(shelves_.shelves, "a/t", Note{"new"}));
  EXPECT_TRUE(creation.Create(shelves_.notes, "a/t/1", Note{"in the same commit"}));
  EXPECT_FALSE(Put(shelves_.notes, "a/t/2", "early"));
  ASSERT_TRUE(deletion.Delete(shelves_.shelves, "a/s", shelves_.shelves.Find("a/s")));
  EXPECT_FALSE(Put(shelves_.notes, "a/s/2", "late"));
  EXPECT_TRUE(loop_.Run(deletion.Commit(ctx_)));
  EXPECT_TRUE(loop_.Run(creation.Commit(ctx_)));
  EXPECT_EQ(shelves_.notes.size(), 1u);
}

TEST_F(ResourceTableTest, ARowThatCannotBeReadIsNotThereAndDoesNotHoldUpADeletion) {
  Shelves other(*store_);
  store::Batch batch;
  batch.Put("shelves", "a/s", "{\"Text\":\"one\"}").Put("notes", "a/s/1", "garbage").Put("notes", "a/s/2", "{}");
  ASSERT_TRUE(loop_.Run(store_->Commit(ctx_, std::move(batch))));
  ASSERT_TRUE(loop_.Run(other.all.Open(ctx_)));
  for (Shelves* shelves : {&shelves_, &other}) {
    loop_.RunUntilIdle();
    EXPECT_EQ(shelves->notes.Find("a/s/1"), nullptr);
    EXPECT_TRUE(shelves->notes.List("a/s/", "", 9).empty());
  }
  EXPECT_TRUE(loop_.Run(resources::Delete(ctx_, other.shelves, "a/s")));
  EXPECT_TRUE(loop_.Run(store_->Scan(ctx_, "notes", "", "", 9))->empty());
  EXPECT_EQ(other.notes.size(), 0u);
}

TEST_F(ResourceTableTest, ListenersSeeEachChangeOnce) {
  std::string seen;
  shelves_.shelves.OnChange([&](const std::string& key, const auto& old_value, const auto& new_value) {
    seen += key + ':' + (old_value ? old_value->text : "-") + '>' + (new_value ? new_value->text : "-") + ' ';
  });
  ASSERT_TRUE(Put(shelves_.shelves, "a/s", "1"));
  ASSERT_TRUE(Put(shelves_.shelves, "a/s", "2"));
  ASSERT_TRUE(Delete(shelves_.shelves, "a/s"));
  ASSERT_TRUE(Put(shelves_.shelves, "a/t", "3"));
  ASSERT_TRUE(loop_.Run(store_->Clear(ctx_)));
  EXPECT_EQ(seen, "a/s:->1 a/s:1>2 a/s:2>- a/t:->3 a/t:3>- ");
}

// What is committed before a Clear and told after it must not come back, and a change that was given up must not unlock a new row.
TEST_F(ResourceTableTest, AClearIsNotUndoneByChangesThatWereOnTheirWay) {
  ASSERT_TRUE(Put(shelves_.shelves, "a/s", "old"));
  TaskScope scope(loop_);
  auto given_up = std::make_unique<Change>(shelves_.all);
  ASSERT_TRUE(given_up->Put(shelves_.shelves, "a/s", Note{"never"}));
  scope.Spawn([](Context& ctx, Shelves& shelves) -> Task<> { (void)co_await resources::Put(ctx, shelves.shelves, "a/t", "before"); }(ctx_, shelves_));
  scope.Spawn([](Context& ctx, store::Store& store) -> Task<> { (void)co_await store.Clear(ctx); }(ctx_, *store_));
  scope.Spawn([](Context& ctx, Shelves& shelves) -> Task<> { (void)co_await resources::Put(ctx, shelves.shelves, "a/u", "after"); }(ctx_, shelves_));
  loop_.RunUntilIdle();
  Change next(shelves_.all);
  ASSERT_TRUE(next.Create(shelves_.shelves, "a/s", Note{"new"}));
  given_up.reset();
  EXPECT_FALSE(shelves_.shelves.IsFree("a/s"));
  ASSERT_TRUE(loop_.Run(next.Commit(ctx_)));
  EXPECT_EQ(shelves_.shelves.Find("a/s")->text, "new");
  EXPECT_EQ(shelves_.shelves.Find("a/t"), nullptr);
  EXPECT_EQ(shelves_.shelves.Find("a/u")->text, "after");
  EXPECT_EQ(shelves_.shelves.size(), 2u);
}

// Random changes by several clients on a store that fails now and then, with restarts: memory and store agree with a plain
// map that only knows what was answered with success.
class Simulation {
 public:
  explicit Simulation(uint64_t seed)
      : random_(seed), store_(store::MakeMemoryStore(loop_, seed, {.latency = std::chrono::milliseconds(3), .failure_rate = 0.1})) {}

  void Run() {
    for (int life = 0; life < 4; ++life) {
      shelves_ = std::make_unique<Shelves>(*store_);
      ASSERT_TRUE(loop_.Run(shelves_->all.Open(ctx_)));
      Check();
      TaskScope clients(loop_);
      for (int client = 0; client < 4; ++client) clients.Spawn(Client(*this, 60));
      loop_.RunUntilIdle();
      Check();
    }
  }

 private:
  static Task<> Client(Simulation& sim, int steps) {
    for (int step = 0; step < steps; ++step) co_await sim.Step();
  }

  Task<> Step() {
    const std::string shelf = "a/s" + std::to_string(random_.Below(3));
    const std::string note = shelf + '/' + std::to_string(random_.Below(3));
    const std::string text = std::to_string(random_.Below(1000));
    if (const uint64_t what = random_.Below(10); what == 0) {
      if (co_await resources::Delete(ctx_, shelves_->shelves, shelf)) {
        expected_.erase(shelf);
        std::erase_if(expected_, [&](const auto& row) { return row.first.starts_with(shelf + '/'); });
      }
    } else if (what < 4) {
      if (co_await resources::Put(ctx_, shelves_->shelves, shelf, text)) expected_[shelf] = text;
    } else if (what < 7) {
      if (co_await resources::Put(ctx_, shelves_->notes, note, text)) expected_[note] = text;
    } else {  // both at once
      Change change(shelves_->all);
      if (change.Put(shelves_->shelves, shelf, Note{text}) && change.Put(shelves_->notes, note, Note{text}) && co_await change.Commit(ctx_)) {
        expected_[shelf] = expected_[note] = text;
      }
    }
  }

  void Check() {
    EXPECT_EQ(RowsOf(*shelves_), expected_);
    for (const auto& [key, text] : expected_) {
      if (std::count(key.begin(), key.end(), '/') > 1) EXPECT_TRUE(expected_.contains(key.substr(0, key.rfind('/')))) << key << " has no shelf";
    }
  }

  SimLoop loop_;
  SeededRandom random_;
  std::unique_ptr<store::Store> store_;
  Context ctx_{loop_};
  std::unique_ptr<Shelves> shelves_;
  std::map<std::string, std::string> expected_;
};

TEST(ResourceTableSimulation, MemoryAndStoreAgreeWithWhatWasAnswered) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(seed);
    Simulation(seed).Run();
    if (testing::Test::HasFailure()) break;
  }
}

}  // namespace
}  // namespace mayfly::resources
