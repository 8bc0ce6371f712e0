// If these fail, two layer versions share a number, a number comes back, or a package in use is taken for unused.
#include "catalog/layer_catalog.h"

#include <gtest/gtest.h>

#include <set>

#include "base/sim_loop.h"
#include "base/task_scope.h"

namespace mayfly::catalog {
namespace {

const LayerName kLayer{"111122223333", "eu-west-1", "tools"};
const LayerCatalog::Filter kAll = [](const LayerVersion&) { return true; };

LayerVersion MakeVersion(std::string sha256 = std::string(64, 'a')) {
  LayerVersion version;
  version.name.layer = kLayer;
  version.code_sha256 = std::move(sha256);
  version.code_bytes = 100;
  return version;
}

struct OpenedLayers {
  OpenedLayers(Context& ctx, store::Store& store) : tables(store), layers(tables) {
    SimLoop& loop = *static_cast<SimLoop*>(ctx.loop);
    EXPECT_TRUE(loop.Run(tables.all.Open(ctx)));
    layers.Open();
  }
  Tables tables;
  LayerCatalog layers;
};

TEST(LayerNames, ArnsAndKeysTellTheSame) {
  const LayerVersionName name{kLayer, 12};
  EXPECT_EQ(name.Arn(), "arn:aws:lambda:eu-west-1:111122223333:layer:tools:12");
  EXPECT_EQ(name.Key(), "111122223333/eu-west-1/tools/0000000012");
  const auto parsed = ParseLayerVersionArn(name.Arn());
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->Key(), name.Key());
  EXPECT_EQ(ParseLayerVersionArn("arn:aws-cn:lambda:cn-north-1:111122223333:layer:l:1")->layer.region, "cn-north-1");
  EXPECT_EQ(ParseLayerName("tools", "111122223333", "eu-west-1").Arn(), kLayer.Arn());
  EXPECT_EQ(ParseLayerName(kLayer.Arn(), "999999999999", "us-east-1").Key(), kLayer.Key());
  for (const char* arn : {"", "tools", "arn:aws:lambda:::awslayer:tools", "arn:aws:lambda:eu-west-1:111122223333:layer:tools",
                          "arn:aws-cn:lambda:eu-west-1:111122223333:layer:tools:1", "arn:aws:lambda:eu-west-1:111122223333:function:f:1",
                          "arn:aws:lambda:eu-west-1:111122223333:layer:tools:99999999999999999999", "arn:aws:lambda:eu-west-1:1:layer:tools:01"}) {
    EXPECT_FALSE(ParseLayerVersionArn(arn)) << arn;
  }
}

TEST(LayerJson, KeepsEveryMember) {
  LayerVersion version = MakeVersion();
  version.name.number = 3;
  version.description = "d";
  version.license_info = "MIT";
  version.compatible_runtimes = {"python3.12", "nodejs20.x"};
  version.compatible_architectures = std::vector<std::string>();
  version.created_date = "2026-01-01T00:00:00.000+0000";
  LayerVersion restored;
  ASSERT_TRUE(FromJson(version.name.Key(), ToJson(version), restored));
  EXPECT_EQ(json::Write(ToJson(restored)), json::Write(ToJson(version)));
  EXPECT_EQ(restored.name.Arn(), version.name.Arn());
  EXPECT_TRUE(restored.compatible_architectures && restored.compatible_architectures->empty());
  LayerVersion plain;
  ASSERT_TRUE(FromJson(version.name.Key(), ToJson(MakeVersion()), plain));
  EXPECT_FALSE(plain.compatible_runtimes);
  LayerVersion wrong;
  EXPECT_FALSE(FromJson(version.name.Key(), json::Value(json::Object()), wrong));
  EXPECT_FALSE(FromJson("a/b/c", ToJson(version), wrong));
}

TEST(LayerCatalog, NumbersAreNeverGivenAgain) {
  SimLoop loop;
  auto store = store::MakeMemoryStore(loop);
  Context ctx(loop);
  {
    OpenedLayers opened(ctx, *store);
    EXPECT_EQ((*loop.Run(opened.layers.Publish(ctx, MakeVersion())))->name.number, 1);
    EXPECT_EQ((*loop.Run(opened.layers.Publish(ctx, MakeVersion())))->name.number, 2);
    EXPECT_TRUE(loop.Run(opened.layers.Delete(ctx, {kLayer, 2})));
    EXPECT_TRUE(loop.Run(opened.layers.Delete(ctx, {kLayer, 2})));  // it has gone: no error
    EXPECT_EQ((*loop.Run(opened.layers.Publish(ctx, MakeVersion(std::string(64, 'b')))))->name.number, 3);
    EXPECT_TRUE(loop.Run(opened.layers.Delete(ctx, {kLayer, 3})));
  }
  OpenedLayers again(ctx, *store);
  EXPECT_EQ((*loop.Run(again.layers.Publish(ctx, MakeVersion())))->name.number, 4);
  const auto versions = again.layers.Versions(kLayer, INT64_MAX, 10, kAll);
  ASSERT_EQ(versions.size(), 2u);
  EXPECT_EQ(versions[0]->name.number, 4);
  EXPECT_EQ(versions[1]->name.number, 1);
  EXPECT_EQ(again.layers.Versions(kLayer, 4, 10, kAll).size(), 1u);
  EXPECT_EQ(again.layers.Versions(kLayer, INT64_MAX, 1, kAll).size(), 1u);
  EXPECT_TRUE(again.layers.Versions({"111122223333", "eu-west-1", "other"}, INT64_MAX, 10, kAll).empty());
}

TEST(LayerCatalog, KnowsWhatIsInUse) {
  SimLoop loop;
  auto store = store::MakeMemoryStore(loop);
  Context ctx(loop);
  const std::string a(64, 'a'), b(64, 'b');
  {
    OpenedLayers opened(ctx, *store);
    for (const std::string& sha256 : {a, a, b}) EXPECT_TRUE(loop.Run(opened.layers.Publish(ctx, MakeVersion(sha256))));
    EXPECT_TRUE(loop.Run(opened.layers.Delete(ctx, {kLayer, 1})));
    EXPECT_TRUE(opened.layers.IsInUse(a));
  }
  OpenedLayers again(ctx, *store);
  EXPECT_TRUE(again.layers.IsInUse(a));
  EXPECT_TRUE(again.layers.IsInUse(b));
  EXPECT_EQ(again.layers.CodeBytesOf("111122223333", "eu-west-1"), 200);
  EXPECT_TRUE(loop.Run(again.layers.Delete(ctx, {kLayer, 2})));
  EXPECT_FALSE(again.layers.IsInUse(a));
  EXPECT_TRUE(loop.Run(store->Clear(ctx)));
  EXPECT_FALSE(again.layers.IsInUse(b));
  EXPECT_EQ(again.layers.CodeBytesOf("111122223333", "eu-west-1"), 0);
}

// Publishers and deleters at once, on a store that takes its time and fails now and then: whatever succeeded has a number of
// its own, and is there unless it was deleted.
TEST(LayerCatalog, ManyPublishersAtOnce) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SimLoop loop;
    auto store = store::MakeMemoryStore(loop, seed, {.latency = std::chrono::milliseconds(3), .failure_rate = seed % 2 ? 0.0 : 0.2});
    Context ctx(loop);
    Tables tables(*store);
    LayerCatalog layers(tables);
    std::multiset<int64_t> numbers;
    std::set<int64_t> deleted;
    TaskScope scope(loop);
    for (int i = 0; i < 12; ++i) {
      scope.Spawn([](Context& ctx, LayerCatalog& layers, std::multiset<int64_t>& numbers, std::set<int64_t>& deleted, bool remove) -> Task<> {
        auto published = co_await layers.Publish(ctx, MakeVersion());
        if (!published) co_return;
        const LayerVersionName name = (*published)->name;
        numbers.insert(name.number);
        if (!remove) co_return;
        if (co_await layers.Delete(ctx, name)) deleted.insert(name.number);
      }(ctx, layers, numbers, deleted, i % 3 == 0));
    }
    loop.RunUntilIdle();
    EXPECT_GT(numbers.size(), 0u) << seed;
    for (const int64_t number : numbers) {
      EXPECT_EQ(numbers.count(number), 1u) << seed;
      EXPECT_EQ(layers.Find({kLayer, number}) != nullptr, !deleted.contains(number)) << seed << ": " << number;
    }
    if (seed % 2) EXPECT_EQ(numbers.size(), 12u) << seed;
    EXPECT_EQ(layers.CodeBytesOf("111122223333", "eu-west-1"), static_cast<int64_t>(100 * (numbers.size() - deleted.size()))) << seed;
  }
}

}  // namespace
}  // namespace mayfly::catalog
