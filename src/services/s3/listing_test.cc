// If these fail, listings leave keys out, show some twice, or cost a scan of the whole bucket.
#include "services/s3/listing.h"

#include <gtest/gtest.h>

#include "base/sim_loop.h"
#include "services/s3/object_store.h"

namespace mayfly::s3 {
namespace {

class ListingTest : public ::testing::Test {
 public:
  void Put(std::string_view table, std::string name, ObjectRow row) {
    store::Batch batch;
    batch.Put(table, name, Written(row));
    ASSERT_TRUE(loop_.Run(store_->Commit(ctx_, std::move(batch))));
  }
  void Put(const std::string& key, bool is_marker = false) {
    ObjectRow row;
    row.is_marker = is_marker;
    Put(kObjectTable, ObjectName("b", key), row);
  }
  // "a b/ | c/" : keys, then common prefixes, of all pages.
  std::string All(std::string prefix, std::string delimiter, int limit) {
    std::string keys, prefixes, after;
    while (true) {
      auto page = loop_.Run(ListKeys(ctx_, *store_, {.bucket = "b", .prefix = prefix, .delimiter = delimiter, .after = after, .after_id = {}, .limit = limit}));
      if (!page) return page.error().ToString();
      EXPECT_LE(page->items.size() + page->prefixes.size(), static_cast<size_t>(limit));
      for (const auto& item : page->items) keys += item.key + ' ';
      for (const auto& one : page->prefixes) prefixes += one + ' ';
      if (!page->is_truncated) return keys + "| " + prefixes;
      after = page->last;
    }
  }

  SimLoop loop_;
  Context ctx_{loop_};
  std::unique_ptr<store::Store> store_ = store::MakeMemoryStore(loop_);
};

TEST_F(ListingTest, PagesOfAnySizeShowTheSame) {
  for (const char* key : {"a", "b/1", "b/2", "b/c/3", "b0", "c//x", "d\xc3\xbc", "z"}) Put(key);
  Put("marked", true);
  Put(kObjectTable, ObjectName("ba", "other"), {});
  for (const int limit : {1, 2, 3, 1000}) {
    EXPECT_EQ(All("", "", limit), "a b/1 b/2 b/c/3 b0 c//x d\xc3\xbc z | ") << limit;
    EXPECT_EQ(All("", "/", limit), "a b0 d\xc3\xbc z | b/ c/ ") << limit;
    EXPECT_EQ(All("b/", "/", limit), "b/1 b/2 | b/c/ ") << limit;
    EXPECT_EQ(All("b", "", limit), "b/1 b/2 b/c/3 b0 | ") << limit;
  }
}

TEST_F(ListingTest, AThousandKeysBehindAPrefixAreSkipped) {
  for (int i = 0; i < 1000; ++i) Put("many/" + std::to_string(1000 + i));
  Put("zz");
  EXPECT_EQ(All("", "/", 10), "zz | many/ ");
}

TEST_F(ListingTest, VersionsNewestFirst) {
  for (const char* key : {"k", "k2"}) {
    ObjectRow row;
    row.version_id = std::string(key) + "v3";
    row.sequence = 3;
    Put(kObjectTable, ObjectName("b", key), row);
    for (const int64_t sequence : {1, 2}) {
      row.version_id = std::string(key) + "v" + std::to_string(sequence);
      row.sequence = sequence;
      Put(kVersionTable, VersionName(ObjectName("b", key), sequence), row);
    }
  }
  for (const int limit : {1, 2, 5, 100}) {
    std::string shown;
    ListRequest request{.bucket = "b", .prefix = {}, .delimiter = {}, .after = {}, .after_id = {}, .limit = limit};
    while (true) {
      auto page = loop_.Run(ListVersions(ctx_, *store_, request));
      ASSERT_TRUE(page);
      for (const auto& item : page->items) shown += item.row.version_id + (item.is_latest ? "* " : " ");
      if (!page->is_truncated) break;
      request.after = page->last;
      request.after_id = page->last_id;
    }
    EXPECT_EQ(shown, "kv3* kv2 kv1 k2v3* k2v2 k2v1 ") << limit;
  }
}

TEST(PrefixTest, SuccessorsAndRollUp) {
  EXPECT_EQ(Successor("ab"), "ac");
  EXPECT_EQ(Successor(std::string("a\xff")), "b");
  EXPECT_EQ(CommonPrefixOf("a/b/c", "a/", "/"), "a/b/");
  EXPECT_EQ(CommonPrefixOf("a/b", "a/", "/"), "");
  EXPECT_EQ(CommonPrefixOf("a/b", "", ""), "");
}

}  // namespace
}  // namespace mayfly::s3
