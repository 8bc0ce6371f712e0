// If these fail, members outside of bodies are misread, streams do not flow, or documents of JSON lose what they hold.
#include "wire/rest_json.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/sim_loop.h"
#include "model/shelf.h"
#include "wire/testing/requests.h"

namespace mayfly::wire {
namespace {

using testing::Answer;
using testing::ErrorOf;
using testing::Made;

class RestJsonTest : public ::testing::Test {
 protected:
  Result<Message> Decode(http::Request request) { return testing::Decode(protocol_, std::move(request)); }
  std::string Read(BlobStream& stream) { return *loop_.Run(stream.Read(ctx_)); }

  SimLoop loop_;
  Context ctx_{loop_};
  RestJson protocol_{shelf::kService};
};

TEST_F(RestJsonTest, ReadsPathsQueriesAndDocuments) {
  const auto message = Decode(Made("POST", "/shelves/Top%20One/books?DryRun=true&label=a&label=b", R"({"Title":"T","Chapters":null,"Pages":7,"Checked":"Sat, 31 Jan 2026 12:00:00 GMT"})"));
  ASSERT_TRUE(message) << ErrorOf(message);
  const auto& request = message->As<shelf::AddBookRequest>();
  EXPECT_EQ(request.shelf, "Top One");
  EXPECT_EQ(request.dry_run, true);
  EXPECT_EQ(request.labels, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(request.book.pages, 7);
  EXPECT_EQ(request.book.checked, WallTime(std::chrono::seconds(1769860800)));
}

TEST_F(RestJsonTest, ReadsTimesInTheirPlaces) {
  const auto message = Decode(Made("GET", "/shelves/A/books?since=2026-01-31T12:00:00Z", "", {{"x-before", "Sat, 31 Jan 2026 12:00:00 GMT"}}));
  ASSERT_TRUE(message) << ErrorOf(message);
  EXPECT_EQ(message->As<shelf::ListBooksRequest>().since, WallTime(std::chrono::seconds(1769860800)));
  EXPECT_EQ(message->As<shelf::ListBooksRequest>().before, message->As<shelf::ListBooksRequest>().since);
  EXPECT_NE(ErrorOf(Decode(Made("GET", "/shelves/A/books?since=yesterday"))), "");
}

TEST_F(RestJsonTest, RoundTripsStructuresThatHoldThemselves) {
  const std::string chapters = R"([{"Title":"One","Chapters":[{"Title":"Two","Chapters":[]}],"Notes":{"n":{"Title":"Three"}},"Appendix":{"Title":"Four","Appendix":{"Title":"Five"}}}])";
  const auto message = Decode(Made("POST", "/shelves/A/books/1", R"({"Title":"T","Chapters":)" + chapters + "}"));
  ASSERT_TRUE(message) << ErrorOf(message);
  const http::Response answer = Answer<shelf::ChangeBookResponse>(protocol_, shelf::kService, "ChangeBook", [&](shelf::ChangeBookResponse& response) {
    response.chapters = message->As<shelf::ChangeBookRequest>().chapters;
  });
  EXPECT_EQ(answer.body, R"({"Chapters":)" + chapters + "}");
  std::string deep = R"({"Title":"T","Chapters":[)", end = "]}";
  for (int i = 0; i < json::kJsonDepthMax; ++i) {
    deep += R"({"Title":"x","Appendix":)";
    end.insert(0, "}");
  }
  EXPECT_TRUE(ErrorOf(Decode(Made("POST", "/shelves/A/books/1", deep + "null" + end))).starts_with("SerializationException"));
}

TEST_F(RestJsonTest, ReadsHeadersOfEveryForm) {
  auto message = Decode(Made("PUT", "/files/d/a/b%2Fc/", "bytes",
                             {{"Content-Length", "5"}, {"X-SHELF-META-Colour", "red"}, {"x-shelf-meta-colour", "blue"}, {"x-shelf-meta-", "no"}, {"x-shelf-meta-b", "2"},
                              {"X-Marks", "a, \"b,\\\"c\" ,d"}, {"X-Marks", "e"}, {"X-Sizes", "1,2"}, {"X-Until", "2026-01-31T12:00:00Z"},
                              {"X-Times", "Sat, 31 Jan 2026 12:00:00 GMT, Sat, 31 Jan 2026 12:00:01 GMT"}}));
  ASSERT_TRUE(message) << ErrorOf(message);
  auto& request = *static_cast<shelf::PutFileRequest*>(message->get());
  EXPECT_EQ(request.drawer, "d");
  EXPECT_EQ(request.key, "a/b/c/");
  EXPECT_EQ(request.size, 5);
  EXPECT_EQ(request.metadata, (Map<std::string>{{"b", "2"}, {"colour", "red,blue"}}));
  EXPECT_EQ(request.marks, (std::vector<std::string>{"a", "b,\"c", "d", "e"}));
  EXPECT_EQ(request.sizes, (std::vector<int32_t>{1, 2}));
  EXPECT_EQ(request.times->size(), 2u);
  EXPECT_EQ(Read(*request.body), "bytes");
  EXPECT_NE(ErrorOf(Decode(Made("PUT", "/files/d/k", "", {{"x-shelf-meta-a", ""}, {"x-shelf-meta-b", ""}, {"x-shelf-meta-c", ""}}))).find("'metadata'"), std::string::npos);
  EXPECT_NE(ErrorOf(Decode(Made("PUT", "/files/d/k", "", {{"X-Until", "Sat, 31 Jan 2026 12:00:00 GMT"}}))), "");
  EXPECT_NE(ErrorOf(Decode(Made("PUT", "/files/d/k", "", {{"X-Sizes", "1,x"}}))), "");
}

TEST_F(RestJsonTest, WritesHeadersOfEveryForm) {
  const http::Response answer = Answer<shelf::ListBooksResponse>(protocol_, shelf::kService, "ListBooks", [](shelf::ListBooksResponse& response) {
    response.next = WallTime(std::chrono::seconds(1769860800));
    response.marks = {{"a", "b,\"c"}};
  });
  EXPECT_EQ(answer.headers.Get("X-Next"), "Sat, 31 Jan 2026 12:00:00 GMT");
  EXPECT_EQ(answer.headers.Get("X-Marks"), "a, \"b,\\\"c\"");
  EXPECT_EQ(answer.body, "{}");
}

TEST_F(RestJsonTest, BytesStreamInBothDirections) {
  EXPECT_TRUE(FindOperation(shelf::kService, "PutFile")->StreamsRequest());
  EXPECT_TRUE(FindOperation(shelf::kService, "Read")->StreamsRequest());
  EXPECT_FALSE(FindOperation(shelf::kService, "AddBook")->StreamsRequest());
  const http::Response answer = Answer<shelf::PutFileResponse>(protocol_, shelf::kService, "PutFile", [](shelf::PutFileResponse& response) {
    response.metadata = Map<std::string>{{"a", "b"}};
    response.body = BlobStream(std::string("bytes"));
  });
  EXPECT_EQ(answer.headers.Get("x-shelf-meta-a"), "b");
  EXPECT_EQ(answer.body, "bytes");
  EXPECT_EQ(answer.headers.Get("Content-Type"), "application/octet-stream");
  const http::Response typed = Answer<shelf::PutFileResponse>(protocol_, shelf::kService, "PutFile", [](auto& response) {
    response.type = "text/html";
    response.body = BlobStream(std::string("<p>"));
  });
  EXPECT_EQ(typed.headers.Get("Content-Type"), "text/html");
}

TEST_F(RestJsonTest, TellsErrorsWithRetryAfter) {
  Error error = Error::Service("TooManyReadsException", "slow down");
  error.members.emplace_back("retryAfterSeconds", "\"5\"");
  const http::Response answer = protocol_.EncodeError(error);
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(answer.headers.Get("Retry-After"), "5");
  EXPECT_EQ(answer.headers.Get("x-amzn-ErrorType"), "TooManyReadsException");
  EXPECT_EQ(answer.body, R"({"Type":"User","message":"slow down"})");
}

}  // namespace
}  // namespace mayfly::wire
