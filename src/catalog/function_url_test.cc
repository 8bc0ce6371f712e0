// If these fail, a function URL changes its address, leads to another function, or lives on without one.
#include <gtest/gtest.h>

#include "base/sim_loop.h"
#include "catalog/function_catalog.h"
#include "catalog/function_url_index.h"

namespace mayfly::catalog {
namespace {

FunctionUrl MakeUrl(std::string name, std::string qualifier, std::string url_id) {
  FunctionUrl url;
  url.function = {"111122223333", "eu-west-1", std::move(name)};
  url.qualifier = std::move(qualifier);
  url.url_id = std::move(url_id);
  url.auth_type = "NONE";
  url.created_at = url.last_modified_at = "2026-01-31T12:00:00.000Z";
  return url;
}

TEST(FunctionUrlJson, KeepsEveryMember) {
  FunctionUrl url = MakeUrl("f", "live", "id");
  url.invoke_mode = "RESPONSE_STREAM";
  url.cors = Cors{.allow_credentials = false, .allow_headers = {{"a"}}, .allow_methods = std::vector<std::string>(), .max_age_seconds = 0};
  FunctionUrl restored;
  ASSERT_TRUE(FromJson(FunctionUrlKey(url.function, url.qualifier), ToJson(url), restored));
  EXPECT_EQ(json::Write(ToJson(restored)), json::Write(ToJson(url)));
  EXPECT_EQ(restored.cors, url.cors);
  EXPECT_EQ(restored.FunctionArn(), "arn:aws:lambda:eu-west-1:111122223333:function:f:live");
  EXPECT_EQ(MakeUrl("f", "$LATEST", "id").FunctionArn(), "arn:aws:lambda:eu-west-1:111122223333:function:f");
  FunctionUrl wrong;
  EXPECT_FALSE(FromJson("no key", ToJson(url), wrong));
}

Task<> Put(Context& ctx, Tables& tables, FunctionUrl url) {
  resources::Change change(tables.all);
  const std::string key = FunctionUrlKey(url.function, url.qualifier);
  EXPECT_TRUE(change.Put(tables.function_urls, key, std::move(url)));
  EXPECT_TRUE(co_await change.Commit(ctx));
}

TEST(FunctionUrlIndex, FollowsTheTable) {
  SimLoop loop;
  auto store = store::MakeMemoryStore(loop);
  Context ctx(loop);
  loop.RunVoid([](Context& ctx, SimLoop& loop, store::Store& store) -> Task<> {
    {
      Tables tables(store);
      FunctionUrlIndex index(tables);
      FunctionCatalog catalog(loop, tables);
      EXPECT_TRUE(co_await tables.all.Open(ctx));
      EXPECT_TRUE(co_await catalog.Open(ctx));
      for (const char* name : {"f", "g"}) {
        Function function;
        function.name = {"111122223333", "eu-west-1", name};
        function.revision_id = "r";
        function.code_sha256 = std::string(64, 'a');
        EXPECT_TRUE(co_await catalog.Create(ctx, function));
      }
      co_await Put(ctx, tables, MakeUrl("f", "$LATEST", "one"));
      co_await Put(ctx, tables, MakeUrl("f", "live", "two"));
      co_await Put(ctx, tables, MakeUrl("g", "$LATEST", "three"));
      FunctionUrl changed = MakeUrl("f", "live", "two");
      changed.auth_type = "AWS_IAM";
      co_await Put(ctx, tables, changed);
      const FunctionUrlPointer found = index.Find("two");
      EXPECT_TRUE(found && found->auth_type == "AWS_IAM" && found->qualifier == "live");
      EXPECT_FALSE(index.Find("four"));
      resources::Change deletion(tables.all);
      EXPECT_TRUE(catalog.StageDelete(deletion, catalog.Find({"111122223333", "eu-west-1", "g"})));
      EXPECT_TRUE(co_await deletion.Commit(ctx));
      EXPECT_FALSE(index.Find("three"));
    }
    // After a restart.
    Tables tables(store);
    FunctionUrlIndex index(tables);
    EXPECT_TRUE(co_await tables.all.Open(ctx));
    index.Open();
    EXPECT_TRUE(index.Find("one"));
    EXPECT_TRUE(index.Find("two"));
    EXPECT_FALSE(index.Find("three"));
    EXPECT_TRUE(co_await store.Clear(ctx));
    EXPECT_FALSE(index.Find("one"));
  }(ctx, loop, *store));
}

}  // namespace
}  // namespace mayfly::catalog
