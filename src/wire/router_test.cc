// If these fail, a request reaches the wrong operation, or none.
#include "wire/router.h"

#include <gtest/gtest.h>

#include "model/shelf.h"

namespace mayfly::wire {
namespace {

// "Operation label=value label=value", or the error's code.
std::string Find(std::string_view method, std::string_view path, std::string_view query = {}) {
  static const Router router(shelf::kService);
  const auto match = router.Find(method, path, query);
  if (!match) return match.error().code;
  std::string text(match->operation->name);
  for (const auto& [name, value] : match->labels) text.append(" ").append(name).append("=").append(value);
  return text;
}

TEST(Router, FindsByMethodPathAndLabels) {
  EXPECT_EQ(Find("POST", "/shelves/A/books"), "AddBook Shelf=A");
  EXPECT_EQ(Find("POST", "/shelves/A/books/7"), "ChangeBook Shelf=A Number=7");
  EXPECT_EQ(Find("DELETE", "/shelves/A%2FB/books/7/"), "RemoveBook Shelf=A/B Number=7");
  EXPECT_EQ(Find("POST", "/read"), "Read");
}

TEST(Router, TellsOperationsOnOnePathApartByTheirQuery) {
  EXPECT_EQ(Find("GET", "/shelves/A/books"), "ListBooks Shelf=A");
  EXPECT_EQ(Find("GET", "/shelves/A/books", "find=Book&Title=x"), "FindBook Shelf=A");
  EXPECT_EQ(Find("GET", "/shelves/A/books", "find=Paper"), "ListBooks Shelf=A");
  EXPECT_EQ(Find("GET", "/files/d/k", "tags"), "GetFileTags Drawer=d Key=k");
  EXPECT_EQ(Find("GET", "/files/d/k", "tags="), "GetFileTags Drawer=d Key=k");
  EXPECT_EQ(Find("GET", "/files/d/k", "tag"), "GetFile Drawer=d Key=k");
}

TEST(Router, AGreedyLabelTakesWhatIsLeft) {
  EXPECT_EQ(Find("GET", "/files/d/a/b//c/"), "GetFile Drawer=d Key=a/b//c/");
  EXPECT_EQ(Find("GET", "/files/d//a"), "GetFile Drawer=d Key=/a");
  EXPECT_EQ(Find("GET", "/files/d/%2F%20"), "GetFile Drawer=d Key=/ ");
  EXPECT_EQ(Find("GET", "/files/d/" + std::string(2000, '/')), "GetFile Drawer=d Key=" + std::string(2000, '/'));
  EXPECT_EQ(Find("GET", "/files/d/"), "UnknownOperationException");
  EXPECT_EQ(Find("GET", "/files/d"), "UnknownOperationException");
}

TEST(Router, TellsOperationsApartByAHeader) {
  const Router router(shelf::kService);
  http::Headers headers;
  EXPECT_EQ(router.Find("PUT", "/files/d/k", "", headers)->operation->name, "PutFile");
  headers.Add("X-Shelf-From", "e/k");
  EXPECT_EQ(router.Find("PUT", "/files/d/k", "", headers)->operation->name, "CopyFile");
}

TEST(Router, RefusesWhatNoOperationHas) {
  EXPECT_EQ(Find("GET", "/"), "UnknownOperationException");
  EXPECT_EQ(Find("GET", ""), "UnknownOperationException");
  EXPECT_EQ(Find("GET", "/shelves//books"), "UnknownOperationException");
  EXPECT_EQ(Find("GET", "/shelves/A/books/7/more"), "UnknownOperationException");
  EXPECT_EQ(Find("GET", std::string(5000, '/')), "UnknownOperationException");
  EXPECT_EQ(Find("PATCH", "/shelves/A/books"), "MethodNotAllowedException");
  EXPECT_EQ(Find("GET", "/files/d/%zz"), "SerializationException");
  EXPECT_EQ(Find("GET", "/files/d/%FF"), "SerializationException");
}

}  // namespace
}  // namespace mayfly::wire
