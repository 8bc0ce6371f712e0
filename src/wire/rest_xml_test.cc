// If these fail, services whose documents are XML misread requests, or SDKs misread their answers.
#include "wire/rest_xml.h"

#include <gtest/gtest.h>

#include "model/shelf.h"
#include "wire/testing/requests.h"
#include "wire/xml_error.h"
#include "wire/xml_read.h"
#include "wire/xml_write.h"

namespace mayfly::wire {
namespace {

using testing::Answer;
using testing::ErrorOf;
using testing::Made;

class RestXmlTest : public ::testing::Test {
 protected:
  Result<Message> AddBook(std::string body) { return testing::Decode(protocol_, Made("POST", "/shelves/A/books", std::move(body))); }
  Result<Message> ChangeBook(std::string body) { return testing::Decode(protocol_, Made("POST", "/shelves/A/books/7", std::move(body))); }
  std::string BookError(const std::string& members) { return ErrorOf(AddBook("<Book><Title>T</Title>" + members + "</Book>")); }

  RestXml protocol_{shelf::kService};
};

// As botocore writes such a request.
constexpr std::string_view kBook =
    R"(<Book xmlns="http://shelf.example/doc/"><Title>A or B</Title><Pages>7</Pages><Weight>0.5</Weight><Lent>false</Lent><Cover>AP8=</Cover>)"
    R"(<Printed>2026-01-31T12:00:00Z</Printed><Checked>Sat, 31 Jan 2026 12:00:00 GMT</Checked><Authors>)"
    R"(<Author xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><Name>Ann</Name></Author>)"
    R"(<Author xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><Name>Bob</Name></Author></Authors><Keyword>one &lt; two</Keyword>)"
    R"(<Keyword>two</Keyword><Owner xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Person"><Name>Eve</Name></Owner></Book>)";

TEST_F(RestXmlTest, ReadsWhatAnSdkWrites) {
  const auto message = AddBook(std::string(kBook));
  ASSERT_TRUE(message) << ErrorOf(message);
  const shelf::Book& book = message->As<shelf::AddBookRequest>().book;
  EXPECT_EQ(book.title, "A or B");
  EXPECT_EQ(book.pages, 7);
  EXPECT_EQ(book.weight, 0.5);
  EXPECT_EQ(book.lent, false);
  EXPECT_EQ(book.cover, std::string("\0\xff", 2));
  EXPECT_EQ(book.printed, WallTime(std::chrono::seconds(1769860800)));
  EXPECT_EQ(book.checked, book.printed);
  ASSERT_EQ(book.authors->size(), 2u);
  EXPECT_EQ(book.authors->at(1).name, "Bob");
  EXPECT_EQ(book.keywords, (std::vector<std::string>{"one < two", "two"}));
  EXPECT_EQ(book.owner->kind, "Person");
  EXPECT_EQ(book.owner->name, "Eve");
}

TEST_F(RestXmlTest, ReadsMapsAndForms) {
  const auto message = AddBook(
      "<?xml version='1.0' encoding='UTF-8'?><!-- a book -->\n<s:Book xmlns:s='urn:x'>\n <s:Title>T</s:Title>\n <Prices><entry><Currency>EUR</Currency>"
      "<Amount>1.5</Amount></entry><entry><Currency>EUR</Currency><Amount>2</Amount></entry></Prices><Mark><Name>a</Name><Value><![CDATA[<b>]]></Value></Mark>"
      "<Mark><Name>c</Name><Value> </Value></Mark><Counted>1769860800.5</Counted><Keyword/><Unknown><x/></Unknown></s:Book>");
  ASSERT_TRUE(message) << ErrorOf(message);
  const shelf::Book& book = message->As<shelf::AddBookRequest>().book;
  EXPECT_EQ(book.prices, (Map<double>{{"EUR", 2}}));
  EXPECT_EQ(book.shelfmarks, (Map<std::string>{{"a", "<b>"}, {"c", " "}}));
  EXPECT_EQ(book.counted, WallTime(std::chrono::milliseconds(1769860800500)));
  EXPECT_EQ(book.keywords, std::vector<std::string>{""});
}

TEST_F(RestXmlTest, ReadsStructuresThatHoldThemselves) {
  const auto message = ChangeBook(
      "<ChangedBook><Title>T</Title><Chapters><Chapter><Title>One</Title><Chapters><Chapter><Title>Two</Title></Chapter></Chapters>"
      "<Notes><entry><key>n</key><value><Title>Three</Title></value></entry></Notes><Annex><Title>Four</Title></Annex></Chapter></Chapters></ChangedBook>");
  ASSERT_TRUE(message) << ErrorOf(message);
  const shelf::Chapter chapter = message->As<shelf::ChangeBookRequest>().chapters->front();  // a copy, with all that it holds
  EXPECT_EQ(chapter.chapters->front().title, "Two");
  EXPECT_EQ(chapter.notes->front().second.title, "Three");
  ASSERT_TRUE(chapter.appendix);
  EXPECT_EQ(chapter.appendix->title, "Four");
  EXPECT_FALSE(chapter.appendix->appendix);
}

TEST_F(RestXmlTest, RefusesValuesOutsideOfTheirLimits) {
  EXPECT_EQ(BookError("<Pages>0</Pages>"),
            "ValidationException: 1 validation error detected: Value '0' at 'book.pages' failed to satisfy constraint: Member must have value greater than or equal to 1");
  EXPECT_NE(BookError("<Binding>Paper</Binding>").find("enum value set: [Hard, Soft]"), std::string::npos);
  EXPECT_NE(BookError("<Cover>AAAAAAAAAAAAAAAA</Cover>").find("length less than or equal to 8"), std::string::npos);
  EXPECT_NE(BookError("<Secret>abcd</Secret>").find("Value at 'book.secret' failed"), std::string::npos);
  EXPECT_NE(BookError("<Authors><Author/></Authors>").find("Value null at 'book.authors.1.member.name'"), std::string::npos);
  EXPECT_NE(BookError("<Prices><entry><Amount>1</Amount></entry></Prices>").find("Member must not be null"), std::string::npos);
  EXPECT_NE(ErrorOf(AddBook("")).find("at 'book' failed to satisfy constraint: Member must not be null"), std::string::npos);
  EXPECT_NE(ErrorOf(ChangeBook("")).find("at 'title'"), std::string::npos);
}

TEST_F(RestXmlTest, RefusesWhatIsNoSuchDocument) {
  for (const char* members : {"<Pages>many</Pages>", "<Pages><x/></Pages>", "<Lent>maybe</Lent>", "<Cover>***</Cover>", "<Printed>today</Printed>",
                              "<Checked>2026-01-31T12:00:00Z</Checked>", "<Pages>", "<Pages></Page>", "<Pages>99999999999</Pages>"}) {
    EXPECT_TRUE(BookError(members).starts_with("SerializationException")) << members << BookError(members);
  }
  EXPECT_EQ(ErrorOf(AddBook("<Novel><Title>T</Title></Novel>")), "SerializationException: The request body is a Novel, not a Book");
}

TEST_F(RestXmlTest, WritesWhatAnSdkReads) {
  const http::Response answer = Answer<shelf::AddBookResponse>(protocol_, shelf::kService, "AddBook", [](shelf::AddBookResponse& response) {
    response.location = "/here";
    shelf::Book& book = response.book;
    book.title = "A & B";
    book.cover = std::string("\0\xff", 2);
    book.printed = book.checked = book.counted = WallTime(std::chrono::seconds(1769860800));
    book.authors.emplace();
    book.authors->push_back({.name = "Ann"});
    book.keywords = {{"one", "two"}};
    book.prices = Map<double>{{"EUR", 1.5}};
    book.shelfmarks = Map<std::string>{{"a", "b"}};
    book.owner = shelf::Author{.kind = "Person \"x\"", .name = "Eve"};
  });
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.headers.Get("Location"), "/here");
  EXPECT_EQ(answer.headers.Get("Content-Type"), "application/xml");
  EXPECT_EQ(answer.headers.Get("x-amz-request-id"), "id");
  EXPECT_EQ(answer.body,
            R"(<?xml version="1.0"?><BookOnShelf xmlns="http://shelf.example/doc/"><Title>A &amp; B</Title><Cover>AP8=</Cover>)"
            R"(<Printed>2026-01-31T12:00:00.000Z</Printed><Checked>Sat, 31 Jan 2026 12:00:00 GMT</Checked><Counted>1769860800</Counted>)"
            R"(<Authors><Author><Name>Ann</Name></Author></Authors><Keyword>one</Keyword><Keyword>two</Keyword>)"
            R"(<Prices><entry><Currency>EUR</Currency><Amount>1.5</Amount></entry></Prices><Mark><Name>a</Name><Value>b</Value></Mark>)"
            R"(<Owner xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Person &quot;x&quot;"><Name>Eve</Name></Owner></BookOnShelf>)");
}

TEST_F(RestXmlTest, WritesDocumentsOfMessages) {
  const http::Response answer = Answer<shelf::ChangeBookResponse>(protocol_, shelf::kService, "ChangeBook", [](shelf::ChangeBookResponse& response) {
    response.status = 202;
    response.chapters.emplace().push_back({.title = "One", .appendix = shelf::Chapter{.title = "Two"}});
  });
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.body,
            R"(<?xml version="1.0"?><ChangedBookResult xmlns="http://shelf.example/doc/"><Chapters><Chapter><Title>One</Title>)"
            R"(<Annex><Title>Two</Title></Annex></Chapter></Chapters></ChangedBookResult>)");
  const http::Response bare = Answer<shelf::ListBooksResponse>(protocol_, shelf::kService, "ListBooks", [](auto& response) { response.count = 3; });
  EXPECT_EQ(bare.body, "");
  EXPECT_FALSE(bare.headers.Find("Content-Type"));
  EXPECT_EQ(bare.headers.Get("X-Count"), "3");
}

TEST_F(RestXmlTest, TellsErrors) {
  http::Response answer = protocol_.EncodeError(Error::Service("NotOnShelfException", "no <book>"));
  protocol_.Finish(answer, "id");
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.body,
            R"(<?xml version="1.0"?><ErrorResponse xmlns="http://shelf.example/doc/"><Error><Type>Sender</Type><Code>NotOnShelfException</Code>)"
            R"(<Message>no &lt;book&gt;</Message><Detail/></Error><RequestId>id</RequestId></ErrorResponse>)");
  const http::Response fault = protocol_.EncodeError(Error::Fault("open /secret: ENOSPC"));
  EXPECT_EQ(fault.status, 500);
  EXPECT_EQ(fault.body.find("secret"), std::string::npos);
}

TEST_F(RestXmlTest, TellsBareErrorsWithTheirMembers) {
  Service bare = shelf::kService;
  bare.bare_errors = true;
  const RestXml protocol(bare);
  Error error = Error::Service("NotOnShelfException", "no book");
  error.members.emplace_back("Key", "\"a&b\"");
  http::Response answer = protocol.EncodeError(error);
  protocol.Finish(answer, "id");
  EXPECT_EQ(answer.body, R"(<?xml version="1.0"?><Error><Code>NotOnShelfException</Code><Message>no book</Message><Key>a&amp;b</Key>)"
                         "<RequestId>id</RequestId><HostId>" + HostIdOf("id") + "</HostId></Error>");
  EXPECT_EQ(answer.headers.Get("x-amz-id-2"), HostIdOf("id"));
}

TEST_F(RestXmlTest, WhatAllServicesShareHasTheServicesOwnName) {
  static constexpr std::string_view kShared[] = {"AccessDeniedException"};
  static constexpr ErrorShape kOwn[] = {{.code = "KeepOut", .status = 403, .message_member = "message", .retry_after_member = {}, .stands_for = kShared, .text = "Keep out"}};
  Service service = shelf::kService;
  service.errors = kOwn;
  Error error = Error::Service("AccessDeniedException", "User: x is not authorized");
  error.members.emplace_back("@Allow", "\"GET\"");
  const http::Response answer = RestXml(service).EncodeError(error);
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.headers.Get("Allow"), "GET");
  EXPECT_NE(answer.body.find("<Code>KeepOut</Code><Message>Keep out</Message>"), std::string::npos) << answer.body;
}

TEST_F(RestXmlTest, APartOfThePathMayStandInTheHost) {
  Service service = shelf::kService;
  service.hosts = "{Drawer}.files.*";
  http::Request request;
  request.method = "GET";
  request.target = "/d/k";
  request.headers.Add("Host", "files.files.localhost:80");
  const auto match = RestXml(service).Route(request);
  ASSERT_TRUE(match);
  EXPECT_EQ(match->operation->name, "GetFile");
  EXPECT_EQ(match->labels.front().second, "d");
}

TEST(AppendXmlText, WritesNothingThatAParserRefuses) {
  std::string out;
  AppendXmlText("a&<>\"\r\n\x01 \xc3\xbc \xff \xe2\x82", out);  // at the end half a character: texts are cut for messages
  EXPECT_EQ(out, "a&amp;&lt;&gt;&quot;&#xD;\n\xEF\xBF\xBD \xc3\xbc \xEF\xBF\xBD \xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_TRUE(ParseXml("<a>" + out + "</a>"));
}

TEST(ParseXml, TakesNoTricks) {
  const auto refused = [](std::string text) { return !ParseXml(std::move(text)).has_value(); };
  EXPECT_TRUE(refused(""));
  EXPECT_TRUE(refused("text"));
  EXPECT_TRUE(refused("<a/><b/>"));
  EXPECT_TRUE(refused("<a>\xff</a>"));
  EXPECT_TRUE(refused(std::string("<a>\0</a>", 8)));
  EXPECT_TRUE(refused("<!DOCTYPE a [<!ENTITY b 'bbb'>]><a>&b;</a>"));
  std::string deep, wide = "<a>";
  for (size_t i = 0; i <= kXmlDepthMax; ++i) deep += "<a>";
  for (size_t i = 0; i <= kXmlDepthMax; ++i) deep += "</a>";
  for (size_t i = 0; i <= 2 * kXmlNodesMax; ++i) wide += "<b/>";
  EXPECT_TRUE(refused(deep));
  EXPECT_TRUE(refused(wide + "</a>"));
  const auto fine = ParseXml("<?pi?><a b='1' xmlns:c='d'>one<!-- no --> two<![CDATA[ <three>]]>&#x41;</a>");
  ASSERT_TRUE(fine);
  EXPECT_EQ(fine->text, "one two <three>A");
  ASSERT_EQ(fine->children.size(), 1u);
  EXPECT_EQ(fine->children[0].name, "b");
}

}  // namespace
}  // namespace mayfly::wire
