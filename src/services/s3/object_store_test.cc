// If these fail, versions of objects are lost or come back, two conditional writes both win, or bytes stay that nobody can reach.
#include "services/s3/object_store.h"
#include "services/s3/visits.h"

#include <gtest/gtest.h>

#include <map>

#include "base/sim_loop.h"
#include "services/s3/listing.h"
#include "store/test_directory.h"

namespace mayfly::s3 {
namespace {

// Small objects only: those of a file need threads, which a simulation has not.
class ObjectStoreTest : public ::testing::Test {
 public:
  ObjectStoreTest() {
    BucketRow row;
    row.name = "b";
    row.account_id = "000000000000";
    EXPECT_TRUE(loop_.Run(buckets_.Open(ctx_)));
    EXPECT_TRUE(loop_.Run(buckets_.Create(ctx_, row)));
    EXPECT_TRUE(loop_.Run(objects_.Open(ctx_)));
  }
  void SetVersioning(std::string status) {
    ASSERT_TRUE(loop_.Run(buckets_.Edit(ctx_, "b", [&](BucketRow& row) -> Result<> {
      row.versioning = status;
      return {};
    })));
  }
  Task<Result<ObjectRow>> Put(std::string key, std::string body, WriteConditions conditions = {}) {
    Context ctx(loop_);
    DataWriter writer(*files_, ChecksumKind::Crc32);
    MF_CO_TRY_VOID(co_await writer.Write(ctx, body));
    MF_CO_TRY(StoredData data, co_await writer.Finish(ctx));
    Insertion insertion{.bucket = buckets_.Find("b"), .key = key, .row = {}, .data = data, .writer = &writer, .parts = {}, .conditions = conditions, .further = {},
                        .garbage = {}, .event = "ObjectCreated:Put"};
    insertion.row.size = data.size;
    insertion.row.etag = body;
    co_return co_await objects_.Insert(ctx, std::move(insertion));
  }
  Result<Removed> Remove(const std::string& key, std::optional<std::string> version_id = {}) {
    return loop_.Run(objects_.Remove(ctx_, {.bucket = buckets_.Find("b"), .key = key, .version_id = std::move(version_id), .if_match = {}, .only_if = {}}));
  }
  // "*three two one": the newest first, by their bodies; "#" for a marker.
  std::string Versions(const std::string& key) {
    std::string shown;
    auto page = loop_.Run(ListVersions(ctx_, *store_, {.bucket = "b", .prefix = key, .delimiter = {}, .after = {}, .after_id = {}}));
    for (const auto& one : page->items) {
      if (one.key == key) shown += (one.is_latest ? "*" : " ") + (one.row.is_marker ? std::string("#") : one.row.etag);
    }
    return shown;
  }
  size_t Blobs() { return loop_.Run(store_->Scan(ctx_, kBlobTable, "", "", 100'000))->size(); }

  SimLoop loop_;
  Context ctx_{loop_};
  SeededRandom random_{1};
  store::TestDirectory directory_;
  std::unique_ptr<store::Store> store_ = store::MakeMemoryStore(loop_, 1, {.latency = std::chrono::milliseconds(1)});
  std::unique_ptr<store::Store> lane_store_ = store::MakeMemoryStore(loop_);
  delivery::DurableLanes lanes_{loop_, *lane_store_, random_, {}};
  std::unique_ptr<DataFiles> files_ = *DataFiles::Open(directory_.path() + "/s3", random_, 0);
  Buckets buckets_{*store_};
  Visits visits_{buckets_};
  Outbox outbox_{*store_, lanes_, random_, loop_, loop_, visits_};
  ObjectStore objects_{*store_, *files_, outbox_, random_, loop_, loop_};
};

TEST_F(ObjectStoreTest, WithoutVersionsTheLastOneCounts) {
  ASSERT_TRUE(loop_.Run(Put("k", "one")));
  ASSERT_TRUE(loop_.Run(Put("k", "two")));
  EXPECT_EQ(Versions("k"), "*two");
  EXPECT_EQ(Blobs(), 1u);
  ASSERT_TRUE(Remove("k"));
  ASSERT_TRUE(Remove("k")) << "what is not there is removed, too";
  EXPECT_EQ(Versions("k"), "");
  EXPECT_EQ(Blobs(), 0u);
}

TEST_F(ObjectStoreTest, VersionsMarkersAndTheirRemoval) {
  ASSERT_TRUE(loop_.Run(Put("k", "null")));
  SetVersioning("Enabled");
  const auto one = loop_.Run(Put("k", "one"));
  ASSERT_TRUE(loop_.Run(Put("k", "two")));
  const auto marker = Remove("k");
  EXPECT_EQ(Versions("k"), "*# two one null");
  ASSERT_TRUE(Remove("k", one->version_id));
  ASSERT_TRUE(Remove("k", marker->version_id));
  EXPECT_EQ(Versions("k"), "*two null");
  SetVersioning("Suspended");
  ASSERT_TRUE(loop_.Run(Put("k", "anew")));
  EXPECT_EQ(Versions("k"), "*anew two") << "there is one null version";
  ASSERT_TRUE(Remove("k"));
  EXPECT_EQ(Versions("k"), "*# two");
  EXPECT_EQ(Blobs(), 1u);
}

TEST_F(ObjectStoreTest, OfManyConditionalWritesOneWins) {
  TaskScope scope(loop_);
  int won = 0, lost = 0;
  for (int i = 0; i < 20; ++i) {
    scope.Spawn([](ObjectStoreTest& test, int& won, int& lost, int number) -> Task<> {
      const auto put = co_await test.Put("k", std::to_string(number), {.if_match = {}, .if_none_match = "*"});
      if (put) ++won;
      else if (put.error().code == "PreconditionFailed") ++lost;
    }(*this, won, lost, i));
  }
  loop_.RunVoid(scope.Join());
  EXPECT_EQ(won, 1);
  EXPECT_EQ(lost, 19);
  EXPECT_EQ(Blobs(), 1u);
}

TEST_F(ObjectStoreTest, ABucketThatIsClosedTakesNothing) {
  const auto closed = loop_.Run(objects_.Close(ctx_, "b"));
  ASSERT_TRUE(closed);
  EXPECT_EQ(loop_.Run(Put("k", "one")).error().code, "NoSuchBucket");
}

// Whatever is done, in whichever order: bytes are kept for the versions that are listed, and for no others.
TEST_F(ObjectStoreTest, NothingIsLeftBehind) {
  for (int step = 0; step < 400; ++step) {
    const std::string key(1, static_cast<char>('a' + random_.Below(3)));
    switch (random_.Below(6)) {
      case 0: SetVersioning(random_.Below(2) == 0 ? "Enabled" : "Suspended"); break;
      case 1: ASSERT_TRUE(Remove(key)); break;
      case 2: {
        auto page = loop_.Run(ListVersions(ctx_, *store_, {.bucket = "b", .prefix = key, .delimiter = {}, .after = {}, .after_id = {}}));
        if (!page->items.empty()) {
          const auto& gone = page->items[random_.Below(page->items.size())];
          ASSERT_TRUE(Remove(key, gone.row.version_id));
        }
        break;
      }
      default: ASSERT_TRUE(loop_.Run(Put(key, std::to_string(step)))); break;
    }
    size_t live = 0, nulls = 0;
    auto page = loop_.Run(ListVersions(ctx_, *store_, {.bucket = "b", .prefix = {}, .delimiter = {}, .after = {}, .after_id = {}}));
    std::map<std::string, int> latest, null_of;
    int64_t before = 0;
    std::string key_before;
    for (const auto& one : page->items) {
      if (!one.row.is_marker) ++live;
      if (one.is_latest) ++latest[one.key];
      if (one.row.is_null() && ++null_of[one.key] > 1) ++nulls;
      if (one.key == key_before) ASSERT_LT(one.row.sequence, before);
      before = one.row.sequence;
      key_before = one.key;
    }
    ASSERT_EQ(nulls, 0u) << step;
    ASSERT_EQ(Blobs(), live) << step;
    for (const auto& [name, count] : latest) ASSERT_EQ(count, 1) << name;
  }
}

}  // namespace
}  // namespace mayfly::s3
