#include "keyring/sealing_store.h"

#include <gtest/gtest.h>

#include "base/sim_loop.h"

namespace mayfly::keyring {
namespace {

// If this fails, what is said to lie sealed lies open, or what lay open before cannot be read any more.

class SealingStoreTest : public testing::Test {
 protected:
  SealingStoreTest() : inner_(store::MakeMemoryStore(loop_)), keyring_(RandomBytes(32)) {
    store_ = SealParts(*inner_, keyring_, {.tables = {"closed"}, .queues = [](std::string_view queue) { return queue == "closed"; }});
  }
  std::string Row(store::Store& store, std::string_view table) {
    Context ctx(loop_);
    return loop_.Run(store.Get(ctx, table, "key")).value()->value;
  }
  std::string Item(store::Store& store, std::string_view queue) {
    Context ctx(loop_);
    store::LeaseWish wish{.count = 1, .lease = std::chrono::seconds(0)};
    auto leased = loop_.Run(store.Lease(ctx, queue, wish));
    return leased.value().items.at(0).payload;
  }
  void Commit(store::Store& store, store::Batch batch) {
    Context ctx(loop_);
    ASSERT_TRUE(loop_.Run(store.Commit(ctx, std::move(batch))));
  }

  SimLoop loop_;
  std::unique_ptr<store::Store> inner_;
  Keyring keyring_;
  std::unique_ptr<store::Store> store_;
};

TEST_F(SealingStoreTest, RowsAndItemsLieSealedWhereTheyShould) {
  store::Batch batch;
  batch.Put("closed", "key", "a secret").Put("open", "key", "no secret").Append("closed", "a secret", {}).Append("open", "no secret", {});
  Commit(*store_, std::move(batch));
  EXPECT_EQ(Row(*store_, "closed"), "a secret");
  EXPECT_EQ(Row(*inner_, "closed").find("secret", 12), std::string::npos);
  EXPECT_EQ(Row(*inner_, "open"), "no secret");
  EXPECT_EQ(Item(*inner_, "closed").find("a secret"), std::string::npos);
  EXPECT_EQ(Item(*store_, "closed"), "a secret");
  EXPECT_EQ(Item(*store_, "open"), "no secret");
}

TEST_F(SealingStoreTest, WhatLayOpenIsRead) {
  store::Batch batch;
  batch.Put("closed", "key", "older").Append("closed", "older", {});
  Commit(*inner_, std::move(batch));
  EXPECT_EQ(Row(*store_, "closed"), "older");
  EXPECT_EQ(Item(*store_, "closed"), "older");
}

TEST_F(SealingStoreTest, ARowCannotStandInAnothersPlace) {
  store::Batch batch;
  batch.Put("closed", "key", "a secret");
  Commit(*store_, std::move(batch));
  Context ctx(loop_);
  store::Batch copy;
  copy.Put("closed", "other", Row(*inner_, "closed"));
  Commit(*inner_, std::move(copy));
  EXPECT_FALSE(loop_.Run(store_->Get(ctx, "closed", "other")));
}

}  // namespace
}  // namespace mayfly::keyring
