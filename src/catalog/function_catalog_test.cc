// If these fail, a change of a function is lost, applied twice, or seen before it is durable.
#include "catalog/function_catalog.h"

#include <gtest/gtest.h>

#include "base/sim_loop.h"
#include "base/task_scope.h"

namespace mayfly::catalog {
namespace {

Function MakeFunction(std::string name) {
  Function function;
  function.name = {"111122223333", "eu-west-1", std::move(name)};
  function.revision_id = "r1";
  function.environment = {{"KEY", "wert ü"}};
  function.tags = {{"a", "b"}};
  function.code_sha256 = std::string(64, 'a');
  return function;
}

TEST(FunctionJson, KeepsEveryMember) {
  Function function = MakeFunction("f");
  function.vpc.subnet_ids = {"subnet-1", "subnet-2"};
  function.has_vpc_config = true;
  function.logging.log_format = "JSON";
  function.memory_mib = 1769;
  function.layers = {{.arn = "arn:layer:1", .code_bytes = 7, .code_sha256 = "ff"}};
  function.s3_reference = S3Reference{"bucket", "key", "3"};
  Function restored;
  ASSERT_TRUE(FromJson(function.name.Key(), ToJson(function), restored));
  EXPECT_EQ(json::Write(ToJson(restored)), json::Write(ToJson(function)));
  EXPECT_EQ(restored.QualifiedArn(), "arn:aws:lambda:eu-west-1:111122223333:function:f:$LATEST");
  Function version;
  ASSERT_TRUE(FromJson(VersionKey(function.name, 12), ToJson(function), version));
  EXPECT_EQ(version.version, "12");
  EXPECT_EQ(RowKey(version), "111122223333/eu-west-1/f/0000000012");
  Function wrong;
  EXPECT_FALSE(FromJson(function.name.Key(), json::Value(json::Object()), wrong));
  EXPECT_FALSE(FromJson("no key", ToJson(function), wrong));
  EXPECT_FALSE(FromJson(function.name.Key() + "/x", ToJson(function), wrong));
}

// A catalog on its tables, opened.
struct Opened {
  Opened(SimLoop& loop, store::Store& store) : tables(store), catalog(loop, tables) {}
  Task<Result<>> Open(Context& ctx) {
    MF_CO_TRY_VOID(co_await tables.all.Open(ctx));
    co_return co_await catalog.Open(ctx);
  }
  Tables tables;
  FunctionCatalog catalog;
};

TEST(FunctionCatalog, ChangesSurviveReopening) {
  SimLoop loop;
  auto store = store::MakeMemoryStore(loop);
  Context ctx(loop);
  loop.RunVoid([](Context& ctx, SimLoop& loop, store::Store& store) -> Task<> {
    Opened first(loop, store);
    FunctionCatalog& catalog = first.catalog;
    EXPECT_TRUE(co_await first.Open(ctx));
    EXPECT_TRUE(co_await catalog.Create(ctx, MakeFunction("b")));
    EXPECT_TRUE(co_await catalog.Create(ctx, MakeFunction("a")));
    EXPECT_EQ((co_await catalog.Create(ctx, MakeFunction("a"))).error().message, "Function already exist: a");
    Function next = *catalog.Find({"111122223333", "eu-west-1", "a"});
    next.memory_mib = 256;
    EXPECT_TRUE(co_await catalog.Replace(ctx, catalog.Find(next.name), next));
    resources::Change deletion(first.tables.all);
    EXPECT_TRUE(catalog.StageDelete(deletion, catalog.Find({"111122223333", "eu-west-1", "b"})));
    EXPECT_TRUE(co_await deletion.Commit(ctx));

    Opened second(loop, store);
    FunctionCatalog& again = second.catalog;
    EXPECT_TRUE(co_await second.Open(ctx));
    EXPECT_EQ(again.size(), 1u);
    EXPECT_EQ(again.Find(next.name)->memory_mib, 256);
    EXPECT_TRUE(second.tables.functions.List("111122223333/us-east-1/", "", 50).empty());
    EXPECT_EQ(second.tables.functions.List("111122223333/eu-west-1/", "", 50).size(), 1u);
  }(ctx, loop, *store));
}

TEST(FunctionCatalog, OfTwoChangesAtOnceOneFails) {
  SimLoop loop;
  auto store = store::MakeMemoryStore(loop, 1, {.latency = std::chrono::milliseconds(5)});
  Context ctx(loop);
  Opened opened(loop, *store);
  FunctionCatalog& catalog = opened.catalog;
  EXPECT_TRUE(loop.Run(opened.Open(ctx)));
  EXPECT_TRUE(loop.Run(catalog.Create(ctx, MakeFunction("f"))));
  const FunctionPointer old = catalog.Find({"111122223333", "eu-west-1", "f"});
  int succeeded = 0, conflicts = 0;
  TaskScope scope(loop);
  for (int i = 0; i < 2; ++i) {
    scope.Spawn([](Context& ctx, FunctionCatalog& catalog, FunctionPointer old, int& succeeded, int& conflicts) -> Task<> {
      auto replaced = co_await catalog.Replace(ctx, old, *old);
      if (replaced) ++succeeded;
      else if (replaced.error().code == "ResourceConflictException") ++conflicts;
    }(ctx, catalog, old, succeeded, conflicts));
  }
  loop.RunUntilIdle();
  EXPECT_EQ(succeeded, 1);
  EXPECT_EQ(conflicts, 1);
}

TEST(FunctionCatalog, AFailedCommitChangesNothing) {
  SimLoop loop;
  auto store = store::MakeMemoryStore(loop, 1, {.failure_rate = 1.0});
  Context ctx(loop);
  Opened opened(loop, *store);
  FunctionCatalog& catalog = opened.catalog;
  EXPECT_FALSE(loop.Run(catalog.Create(ctx, MakeFunction("f"))));
  EXPECT_EQ(catalog.Find({"111122223333", "eu-west-1", "f"}), nullptr);
  EXPECT_EQ(catalog.size(), 0u);
}

}  // namespace
}  // namespace mayfly::catalog
