// If these fail, SDKs that speak query or JSON by X-Amz-Target cannot call a service, or misread its answers.
#include "wire/query.h"

#include <gtest/gtest.h>

#include "model/post.h"
#include "wire/json_rpc.h"
#include "wire/testing/requests.h"

namespace mayfly::wire {
namespace {

using testing::Answer;
using testing::ErrorOf;
using testing::Made;

class QueryTest : public ::testing::Test {
 protected:
  Result<Message> Decode(std::string body, std::string target = "/") { return testing::Decode(query_, Made("POST", std::move(target), std::move(body))); }
  std::string CodeOf(std::string body) {
    const auto message = Decode(std::move(body));
    return message ? "" : message.error().code;
  }
  Query query_{post::kService};
};

TEST_F(QueryTest, ReadsFlatLists) {
  const auto message = Decode(
      "Action=Send&Box=a&Letter.2.Id=two&Letter.1.Id=one&Letter.1.Weight=7&Letter.1.Stamp.1.Value=0.5&Letter.1.Seal.1=AP8%3D&Letter.1.Mark.1.Name=k"
      "&Letter.1.Mark.1.Value=%C3%BC+x&Letter.1.Sent=2026-01-31T12%3A00%3A00Z");
  ASSERT_TRUE(message) << ErrorOf(message);
  const auto& request = message->As<post::SendRequest>();
  ASSERT_EQ(request.letters.size(), 2u);
  EXPECT_EQ(request.letters[0].id, "one");
  EXPECT_EQ(request.letters[0].weight, 7);
  EXPECT_EQ(request.letters[0].stamps->front().value, 0.5);
  EXPECT_EQ(request.letters[0].seals->front(), std::string("\0\xff", 2));
  EXPECT_EQ(request.letters[0].marks, (Map<std::string>{{"k", "\xc3\xbc x"}}));
  EXPECT_EQ(request.letters[0].sent, WallTime(std::chrono::seconds(1769860800)));
  EXPECT_EQ(request.letters[1].id, "two");
}

TEST_F(QueryTest, ReadsWrappedLists) {
  const auto message = Decode(
      "Action=Send&Box=a&Letter.1.Id=x&Letter.1.Copies.member.1=a&Letter.1.Copies.member.2=b&Letter.1.Lines.line.1=l&Letter.1.Notes.entry.1.key=k"
      "&Letter.1.Notes.entry.1.value.Value=2");
  ASSERT_TRUE(message) << ErrorOf(message);
  const post::Letter& letter = message->As<post::SendRequest>().letters[0];
  EXPECT_EQ(letter.copies, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(letter.lines, std::vector<std::string>{"l"});
  EXPECT_EQ(letter.notes->front().second.value, 2);
}

TEST_F(QueryTest, ReadsTheShorterFormsOfOlderClients) {
  const auto message = Decode("Action=Send&Letter.Id=x&Letters.1.Id=y&Letters.1.Copies=a&Letters.1.Mark.Name=k&Letters.1.Mark.Value=v", "/boxes/7");
  EXPECT_FALSE(message);  // a structure has no shorter form
  const auto shorter = Decode("Action=Send&Letters.1.Id=y&Letters.1.Copies=a&Letters.1.Mark.Name=k&Letters.1.Mark.Value=v", "/boxes/7");
  ASSERT_TRUE(shorter) << ErrorOf(shorter);
  const auto& request = shorter->As<post::SendRequest>();
  EXPECT_EQ(request.box, "/boxes/7");  // its path names it
  EXPECT_EQ(request.letters[0].copies, std::vector<std::string>{"a"});
  EXPECT_EQ(request.letters[0].marks, (Map<std::string>{{"k", "v"}}));
  const auto empty = Decode("Action=Send&Letters.1.Id=y&Letters.1.Copies=", "/boxes/7");
  ASSERT_TRUE(empty) << ErrorOf(empty);
  EXPECT_EQ(empty->As<post::SendRequest>().letters[0].copies, std::vector<std::string>());
}

TEST_F(QueryTest, TheLastOfEqualKeysCounts) {
  const auto message = Decode(
      "Action=Send&Box=a&Letter.1.Id=x&Letter.1.Mark.1.Name=a&Letter.1.Mark.1.Value=1&Letter.1.Mark.2.Name=b&Letter.1.Mark.2.Value=2"
      "&Letter.1.Mark.3.Name=a&Letter.1.Mark.3.Value=3");
  ASSERT_TRUE(message);
  EXPECT_EQ(message->As<post::SendRequest>().letters[0].marks, (Map<std::string>{{"b", "2"}, {"a", "3"}}));
}

TEST_F(QueryTest, ReadsValuesThatHoldThemselves) {
  const auto message = Decode("Action=Keep&Value.L.member.1.S=x&Value.M.entry.1.key=k&Value.M.entry.1.value.Not.Not.Flag=true");
  ASSERT_TRUE(message) << ErrorOf(message);
  const post::Value& value = message->As<post::KeepRequest>().value;
  EXPECT_EQ(value.l->front().s, "x");
  EXPECT_EQ(value.m->front().second.not_->not_->flag, true);
}

TEST_F(QueryTest, RefusesWhatMeansNothing) {
  EXPECT_EQ(CodeOf(""), "MissingAction");
  EXPECT_EQ(CodeOf("Action=Dance"), "InvalidAction");
  EXPECT_EQ(CodeOf("Action=Send&Box=a"), "MissingParameter");
  EXPECT_EQ(CodeOf("Action=Send&Letter.1.Id=x"), "MissingParameter");
  EXPECT_EQ(CodeOf("Action=Send&Box=a&Letter.1.Id=x&Letter.1.Weight=x"), "InvalidParameterValue");
  EXPECT_EQ(CodeOf("Action=Send&Box=a&Letter.1.Id=x&Letter.1.Weight=1001"), "ValidationException");
  EXPECT_EQ(CodeOf("Action=Send&Box=%FF&Letter.1.Id=x"), "MalformedQueryString");
  EXPECT_EQ(CodeOf("Action=Send&a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q=1"), "MalformedQueryString");
  EXPECT_EQ(CodeOf("Action=Close" + std::string(3'000, '&')), "MalformedQueryString");
  EXPECT_EQ(CodeOf("Action=Send&Box.1=x&Letter.1.Id=x"), "MalformedQueryString");
  EXPECT_EQ(CodeOf("Action=Close"), "");
}

TEST_F(QueryTest, AnswersInXml) {
  const http::Response answer = Answer<post::SendResponse>(query_, post::kService, "Send", [](post::SendResponse& response) {
    response.ids = {{"1", "<&>\r\n"}};
    response.wrapped = {{"a", "b"}};
    response.named = {{"c"}};
    response.counts = Map<int32_t>{{"k", 5}};
    response.marks = Map<std::string>{{"n", "v"}};
    response.letter.emplace().id = "x";
  });
  EXPECT_EQ(answer.body,
            "<?xml version=\"1.0\"?><SendResponse xmlns=\"http://post.example/doc/\"><SendResult><Id>1</Id><Id>&lt;&amp;&gt;&#xD;\n</Id>"
            "<Wrapped><member>a</member><member>b</member></Wrapped><Named><id>c</id></Named><Counts><entry><key>k</key><value>5</value></entry></Counts>"
            "<Mark><Name>n</Name><Value>v</Value></Mark><Letter><Id>x</Id></Letter></SendResult>"
            "<ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></SendResponse>");
  EXPECT_EQ(answer.headers.Get("x-amzn-RequestId"), "id");
}

TEST_F(QueryTest, TellsErrorsByTheirOldCodes) {
  http::Response answer = query_.EncodeError(Error::Service("NoSuchBox", "no <box>"));
  query_.Finish(answer, "id");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body,
            "<?xml version=\"1.0\"?><ErrorResponse xmlns=\"http://post.example/doc/\"><Error><Type>Sender</Type><Code>Post.NoSuchBox</Code>"
            "<Message>no &lt;box&gt;</Message><Detail/></Error><RequestId>id</RequestId></ErrorResponse>");
  const http::Response fault = query_.EncodeError(Error::Fault("open /secret: ENOSPC"));
  EXPECT_EQ(fault.status, 500);
  EXPECT_NE(fault.body.find("<Type>Receiver</Type><Code>InternalFailure</Code>"), std::string::npos);
  EXPECT_EQ(fault.body.find("secret"), std::string::npos);
}

TEST(JsonRpcTest, TellsErrorsInBothForms) {
  const JsonRpc protocol(post::kService, "1.0");
  const http::Response gone = protocol.EncodeError(Error::Service("NoSuchBox", "no box"));
  EXPECT_EQ(gone.body, R"({"__type":"com.example.post#NoSuchBox","message":"no box"})");
  EXPECT_EQ(gone.headers.Get("x-amzn-query-error"), "Post.NoSuchBox;Sender");
  EXPECT_EQ(gone.headers.Get("Content-Type"), "application/x-amz-json-1.0");
  const http::Response value = protocol.EncodeError(Error::Service("InvalidParameterValue", "x"));
  EXPECT_EQ(value.body, R"({"__type":"com.amazon.coral.service#InvalidParameterValueException","message":"x"})");
}

TEST(JsonRpcTest, RoutesByTarget) {
  const JsonRpc protocol(post::kService, "1.0");
  http::Request request = Made("POST", "/", R"({"Value":{"L":[{"S":"x"}],"Not":{"N":1.5}}})", {{"X-Amz-Target", "PostOffice.Keep"}});
  EXPECT_TRUE(protocol.Recognizes(request));
  const auto message = testing::Decode(protocol, std::move(request));
  ASSERT_TRUE(message) << ErrorOf(message);
  EXPECT_EQ(message->As<post::KeepRequest>().value.not_->n, 1.5);
  EXPECT_EQ(testing::Decode(protocol, Made("POST", "/", "", {{"X-Amz-Target", "PostOffice.Keep"}})).error().code, "MissingParameter");
  EXPECT_EQ(protocol.Route(Made("POST", "/", "", {{"X-Amz-Target", "PostOffice.Dance"}})).error().code, "UnknownOperationException");
  EXPECT_FALSE(protocol.Recognizes(Made("POST", "/", "", {{"X-Amz-Target", "PostOfficeKeep"}})));
}

}  // namespace
}  // namespace mayfly::wire
