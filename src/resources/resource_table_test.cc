// If these fail, a change of the catalog is seen half, lost after a restart, or made over one that its caller had not read.
#include "resources/resource_table.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "base/sim_loop.h"
#include "base/task_scope.h"

namespace mayfly::resources {

struct Note {
  std::string text;
};
static json::Value ToJson(const Note& note) {
  json::Value value{json::Object()};
  value.Set("Text", note.text);
  return value;
}
static Result<> FromJson(std::string_view, const json::Value& value, Note& note) {
  if (!value.Find("Text")) return Fail(Error::Fault("no text"));
  note.text = value.StringOr("Text", "");
  return {};
}

namespace {

struct TwoTables {
  explicit TwoTables(store::Store& store) : all(store) {}
  ResourceTables all;
  ResourceTable<Note> functions{all, "functions"};
  ResourceTable<Note> versions{all, "versions", BelongsTo::Function};
  ResourceTable<Note> aliases{all, "aliases", BelongsTo::Function};
  ResourceTable<Note> notes{all, "notes", BelongsTo::Function};
};

Task<Result<>> Put(Context& ctx, TwoTables& tables, ResourceTable<Note>& table, std::string key, std::string text) {
  Change change(tables.all);
  MF_CO_TRY_VOID(change.Put(table, key, Note{std::move(text)}));
  co_return co_await change.Commit(ctx);
}

Task<Result<>> DeleteFunction(Context& ctx, TwoTables& tables, std::string key) {
  Change change(tables.all);
  const auto old = tables.functions.Find(key);
  if (!old) co_return Fail(Error::Fault("gone"));
  MF_CO_TRY_VOID(change.Delete(tables.functions, key, old));
  MF_CO_TRY_VOID(change.DeleteBelongings(key));
  co_return co_await change.Commit(ctx);
}

class ResourceTableTest : public testing::Test {
 protected:
  SimLoop loop_;
  std::unique_ptr<store::Store> store_ = store::MakeMemoryStore(loop_, 1, {.latency = std::chrono::milliseconds(5)});
  Context ctx_{loop_};
  TwoTables tables_{*store_};

  bool Put(ResourceTable<Note>& table, const std::string& key, const std::string& text) {
    return loop_.Run(resources::Put(ctx_, tables_, table, key, text)).has_value();
  }
};

TEST_F(ResourceTableTest, RowsSurviveReopening) {
  ASSERT_TRUE(loop_.Run(tables_.all.Open(ctx_)));
  ASSERT_TRUE(Put(tables_.functions, "a/r/f", "one"));
  ASSERT_TRUE(Put(tables_.notes, "a/r/f/1", "note"));
  ASSERT_TRUE(Put(tables_.functions, "a/r/f", "two"));
  TwoTables again(*store_);
  ASSERT_TRUE(loop_.Run(again.all.Open(ctx_)));
  EXPECT_EQ(again.functions.Find("a/r/f")->text, "two");
  EXPECT_EQ(again.notes.Find("a/r/f/1")->text, "note");
  EXPECT_EQ(again.notes.Find("a/r/f"), nullptr);
}

TEST_F(ResourceTableTest, ListsInTheOrderOfKeysAfterAKeyThatMayHaveGone) {
  ASSERT_TRUE(loop_.Run(tables_.all.Open(ctx_)));
  for (const char* key : {"a/r/f", "a/r/g", "a/r/h", "a/s/f", "b/r/f"}) ASSERT_TRUE(Put(tables_.functions, key, key));
  const auto keys = [&](std::string_view prefix, std::string_view after, size_t limit) {
    std::string joined;
    for (const auto& row : tables_.functions.List(prefix, after, limit)) joined += row.key + ' ';
    return joined;
  };
  EXPECT_EQ(keys("a/r/", "", 9), "a/r/f a/r/g a/r/h ");
  EXPECT_EQ(keys("a/r/", "a/r/f", 1), "a/r/g ");
  EXPECT_EQ(keys("a/r/", "a/r/ff", 9), "a/r/g a/r/h ");
  EXPECT_EQ(keys("a/r/", "a", 9), "a/r/f a/r/g a/r/h ");
  EXPECT_EQ(keys("c/", "", 9), "");
}

TEST_F(ResourceTableTest, WhatBelongsToAFunctionGoesWithItAndOnlyThat) {
  ASSERT_TRUE(loop_.Run(tables_.all.Open(ctx_)));
  for (const char* key : {"a/r/f", "a/r/f2", "a/r/f-x"}) {
    ASSERT_TRUE(Put(tables_.functions, key, key));
    ASSERT_TRUE(Put(tables_.notes, std::string(key) + "/$LATEST", "note"));
    ASSERT_TRUE(Put(tables_.notes, std::string(key) + "/1/more", "note"));
  }
  EXPECT_FALSE(Put(tables_.notes, "a/r/none/1", "note"));
  ASSERT_TRUE(loop_.Run(DeleteFunction(ctx_, tables_, "a/r/f")));
  EXPECT_EQ(tables_.notes.List("a/r/f/", "", 9).size(), 0u);
  EXPECT_EQ(tables_.notes.size(), 4u);
  TwoTables again(*store_);
  ASSERT_TRUE(loop_.Run(again.all.Open(ctx_)));
  EXPECT_EQ(again.notes.size(), 4u);
}

TEST_F(ResourceTableTest, AStaleOrBusyRowIsNotChanged) {
  ASSERT_TRUE(loop_.Run(tables_.all.Open(ctx_)));
  ASSERT_TRUE(Put(tables_.functions, "a/r/f", "one"));
  const auto read = tables_.functions.Find("a/r/f");
  ASSERT_TRUE(Put(tables_.functions, "a/r/f", "two"));
  Change stale(tables_.all);
  EXPECT_TRUE(stale.Replace(tables_.functions, "a/r/f", read, Note{"three"}).error().IsService("ResourceConflictException"));
  {
    Change first(tables_.all), second(tables_.all);
    EXPECT_TRUE(first.Put(tables_.functions, "a/r/f", Note{"first"}));
    EXPECT_FALSE(second.Put(tables_.functions, "a/r/f", Note{"second"}));
    EXPECT_TRUE(first.Create(tables_.functions, "a/r/g", Note{"new"}));
    EXPECT_EQ(tables_.functions.Find("a/r/g"), nullptr) << "seen before it is durable";
    EXPECT_FALSE(second.Create(tables_.functions, "a/r/g", Note{"new"}));
  }  // neither is committed: both give way
  EXPECT_EQ(tables_.functions.Find("a/r/f")->text, "two");
  EXPECT_EQ(tables_.functions.Find("a/r/g"), nullptr);
  EXPECT_TRUE(Put(tables_.functions, "a/r/f", "three"));
}

TEST_F(ResourceTableTest, NothingIsAddedToAFunctionThatIsBeingDeleted) {
  ASSERT_TRUE(loop_.Run(tables_.all.Open(ctx_)));
  ASSERT_TRUE(Put(tables_.functions, "a/r/f", "one"));
  Change deletion(tables_.all);
  ASSERT_TRUE(deletion.Delete(tables_.functions, "a/r/f", tables_.functions.Find("a/r/f")));
  ASSERT_TRUE(deletion.DeleteBelongings("a/r/f"));
  EXPECT_FALSE(Put(tables_.notes, "a/r/f/1", "late"));
  EXPECT_TRUE(loop_.Run(deletion.Commit(ctx_)));
  EXPECT_EQ(tables_.notes.size(), 0u);
}

TEST_F(ResourceTableTest, NothingIsAddedToAVersionOrAliasThatIsBeingDeleted) {
  ASSERT_TRUE(loop_.Run(tables_.all.Open(ctx_)));
  ASSERT_TRUE(Put(tables_.functions, "a/r/f", "one"));
  ASSERT_TRUE(Put(tables_.versions, "a/r/f/0000000012", "version"));
  ASSERT_TRUE(Put(tables_.aliases, "a/r/f/live", "alias"));
  {
    Change deletion(tables_.all);
    ASSERT_TRUE(deletion.Delete(tables_.versions, "a/r/f/0000000012", tables_.versions.Find("a/r/f/0000000012")));
    ASSERT_TRUE(deletion.DeleteBelongings("a/r/f/live"));
    EXPECT_FALSE(Put(tables_.notes, "a/r/f/12", "late"));
    EXPECT_FALSE(Put(tables_.notes, "a/r/f/live/more", "late"));
    EXPECT_TRUE(Put(tables_.notes, "a/r/f/1", "another version's"));
    EXPECT_TRUE(Put(tables_.notes, "a/r/f/$LATEST", "the function's"));
  }
  EXPECT_TRUE(Put(tables_.notes, "a/r/f/12", "it stays"));
}

TEST_F(ResourceTableTest, ARowThatCannotBeReadIsNotThereAndDoesNotHoldUpADeletion) {
  store::Batch batch;
  batch.Put("functions", "a/r/f", "{\"Text\":\"one\"}").Put("notes", "a/r/f/1", "garbage").Put("notes", "a/r/f/2", "{}");
  ASSERT_TRUE(loop_.Run(store_->Commit(ctx_, std::move(batch))));
  ASSERT_TRUE(loop_.Run(tables_.all.Open(ctx_)));
  EXPECT_EQ(tables_.notes.Find("a/r/f/1"), nullptr);
  EXPECT_TRUE(tables_.notes.List("a/r/f/", "", 9).empty());
  EXPECT_TRUE(loop_.Run(DeleteFunction(ctx_, tables_, "a/r/f")));
  EXPECT_TRUE(loop_.Run(store_->Scan(ctx_, "notes", "", "", 9))->empty());
}

TEST_F(ResourceTableTest, ListenersSeeEachChangeOnce) {
  std::string seen;
  tables_.functions.OnChange([&](const std::string& key, const auto& old_value, const auto& new_value) {
    seen += key + ':' + (old_value ? old_value->text : "-") + '>' + (new_value ? new_value->text : "-") + ' ';
  });
  ASSERT_TRUE(loop_.Run(tables_.all.Open(ctx_)));
  ASSERT_TRUE(Put(tables_.functions, "a/r/f", "1"));
  ASSERT_TRUE(Put(tables_.functions, "a/r/f", "2"));
  ASSERT_TRUE(loop_.Run(DeleteFunction(ctx_, tables_, "a/r/f")));
  ASSERT_TRUE(Put(tables_.functions, "a/r/g", "3"));
  tables_.all.Clear();
  EXPECT_EQ(seen, "a/r/f:->1 a/r/f:1>2 a/r/f:2>- a/r/g:->3 a/r/g:3>- ");
}

TEST(PackedText, GivesBackWhatWasPacked) {
  SeededRandom random(7);
  for (const size_t size : {0, 1, 99, 100, 101, 600, 5000, 300'000}) {
    std::string text = "{\"Text\":\"";
    while (text.size() < size) text += random.Below(2) ? "\"RevisionId\":" : random.Uuid();
    const std::string packed = PackText(text);
    EXPECT_LE(packed.size(), text.size());
    EXPECT_EQ(*UnpackText(packed), text);
  }
  EXPECT_FALSE(UnpackText("\x01"));
  EXPECT_FALSE(UnpackText("\x01garbage that is no frame"));
  std::string packed = PackText(std::string(1000, 'x'));
  for (size_t at = 1; at < packed.size(); ++at) {
    std::string damaged = packed;
    damaged[at] ^= 0x55;
    (void)UnpackText(damaged);  // must not crash; zstd alone cannot tell every change
    (void)UnpackText(std::string_view(packed).substr(0, at));
  }
}

// Random changes by several clients on a store that fails now and then, with restarts: memory and store agree with a plain
// map that only knows what was answered with success.
class Simulation {
 public:
  explicit Simulation(uint64_t seed)
      : random_(seed), store_(store::MakeMemoryStore(loop_, seed, {.latency = std::chrono::milliseconds(3), .failure_rate = 0.1})) {}

  void Run() {
    for (int life = 0; life < 4; ++life) {
      tables_ = std::make_unique<TwoTables>(*store_);
      ASSERT_TRUE(loop_.Run(tables_->all.Open(ctx_)));
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
    const std::string function = "a/r/f" + std::to_string(random_.Below(3));
    const std::string note = function + '/' + std::to_string(random_.Below(3));
    const std::string text = std::to_string(random_.Below(1000));
    if (const uint64_t what = random_.Below(10); what == 0) {
      if (co_await DeleteFunction(ctx_, *tables_, function)) {
        expected_.erase(function);
        std::erase_if(expected_, [&](const auto& row) { return row.first.starts_with(function + '/'); });
      }
    } else if (what < 4) {
      if (co_await Put(ctx_, *tables_, tables_->functions, function, text)) expected_[function] = text;
    } else if (what < 7) {
      if (co_await Put(ctx_, *tables_, tables_->notes, note, text)) expected_[note] = text;
    } else {  // both at once
      Change change(tables_->all);
      if (change.Put(tables_->functions, function, Note{text}) && change.Put(tables_->notes, note, Note{text}) && co_await change.Commit(ctx_)) {
        expected_[function] = expected_[note] = text;
      }
    }
  }

  void Check() {
    std::map<std::string, std::string> found;
    for (const auto* table : {&tables_->functions, &tables_->notes}) {
      for (const auto& row : table->List("", "", 1000)) found[row.key] = row.value->text;
      EXPECT_EQ(table->List("", "", 1000).size(), table->size());
    }
    EXPECT_EQ(found, expected_);
    for (const auto& [key, text] : found) {
      if (std::count(key.begin(), key.end(), '/') > 2) EXPECT_TRUE(found.contains(key.substr(0, key.rfind('/')))) << key << " has no function";
    }
  }

  SimLoop loop_;
  SeededRandom random_;
  std::unique_ptr<store::Store> store_;
  Context ctx_{loop_};
  std::unique_ptr<TwoTables> tables_;
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
