// If these fail, a list shows a resource twice, leaves one out, or takes any text for a marker.
#include "resources/paging.h"

#include <gtest/gtest.h>

#include "base/sim_loop.h"
#include "resources/shelves.h"

namespace mayfly::resources {
namespace {

Error BadMarker() { return Error::Service("BadMarker", ""); }

TEST(Paging, GoesThroughAListWhileItsRowsComeAndGo) {
  SimLoop loop;
  const auto store = store::MakeMemoryStore(loop);
  Context ctx(loop);
  Shelves shelves(*store);
  ASSERT_TRUE(loop.Run(shelves.all.Open(ctx)));
  for (const char* key : {"a/1", "a/2", "a/3", "a/4", "a/5", "b/1"}) ASSERT_TRUE(loop.Run(Put(ctx, shelves.shelves, key, "x")));
  PageRequest request{.prefix = "a/", .marker = std::nullopt, .limit = 2, .bad_marker = &BadMarker};
  auto page = NextPage(shelves.shelves, request);
  ASSERT_TRUE(page && page->rows.size() == 2u && page->next_marker);
  EXPECT_EQ(page->rows[1].key, "a/2");
  ASSERT_TRUE(loop.Run(Delete(ctx, shelves.shelves, "a/2")));
  request.marker = page->next_marker;
  const auto not_four = [](const auto& row) { return row.key != "a/4"; };
  page = NextPageIf(shelves.shelves, request, not_four);
  ASSERT_TRUE(page && page->rows.size() == 2u);
  EXPECT_EQ(page->rows[1].key, "a/5");
  EXPECT_FALSE(page->next_marker);
  for (const char* marker : {"", "?", "=", "a", "/w=="}) {
    request.marker = marker;
    EXPECT_EQ(NextPage(shelves.shelves, request).error().code, "BadMarker") << marker;
  }
}

TEST(Paging, LimitsAreCutOrRefused) {
  EXPECT_EQ(PageLimit(std::nullopt, 50), 50u);
  EXPECT_EQ(PageLimit(7, 50), 7u);
  EXPECT_EQ(PageLimit(51, 50), 50u);
  EXPECT_TRUE(IsPageLimit(std::nullopt, 50) && IsPageLimit(1, 50) && IsPageLimit(50, 50));
  EXPECT_FALSE(IsPageLimit(0, 50) || IsPageLimit(51, 50) || IsPageLimit(-1, 50));
}

}  // namespace
}  // namespace mayfly::resources
