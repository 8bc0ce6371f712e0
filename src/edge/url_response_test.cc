#include "edge/url_response.h"

#include <gtest/gtest.h>

namespace mayfly::edge {
namespace {

constexpr std::string_view kMalformed = R"({"Message":"Internal Server Error"})";

http::Response Respond(std::string payload, UrlInvokeMode mode = UrlInvokeMode::Buffered) {
  runtime::InvokeOutcome outcome;
  outcome.payload = std::move(payload);
  return MakeUrlResponse(outcome, mode);
}

TEST(UrlResponse, InfersAPlainResult) {
  // Broken: a function that simply returns something answers differently than on AWS. The first eight are recorded there.
  for (const auto& [payload, body] : {
           std::pair{R"({"hello": "world"})", R"({"hello": "world"})"},
           std::pair{R"(["hello", 3, true])", R"(["hello",3,true])"},
           std::pair{R"("hello")", "hello"},
           std::pair{"3", "3"},
           std::pair{"3.1", "3.1"},
           std::pair{"true", "true"},
           std::pair{"null", "null"},
           std::pair{R"("\u00e9\n\"")", "é\n\""},
           std::pair{R"({"body":"x","headers":{"a":"b"}})", R"({"body":"x","headers":{"a":"b"}})"},
       }) {
    const http::Response response = Respond(payload);
    EXPECT_EQ(response.status, 200) << payload;
    EXPECT_EQ(response.body, body);
    EXPECT_EQ(response.headers.Get("Content-Type"), "application/json");
  }
}

TEST(UrlResponse, TakesAStructuredResult) {
  // Broken: status, headers, cookies or body of a function's response get lost.
  const http::Response response =
      Respond(R"({"statusCode":201,"headers":{"Content-Type":"text/html","X-Number":7,"X-Bool":true,"X-None":null},)"
              R"("cookies":["a=1; Path=/","b=2"],"body":"<p>","isBase64Encoded":false})");
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.body, "<p>");
  const std::vector<http::Headers::Field> expected = {
      {"Content-Type", "text/html"}, {"X-Number", "7"}, {"X-Bool", "true"}, {"Set-Cookie", "a=1; Path=/"}, {"Set-Cookie", "b=2"}};
  EXPECT_EQ(response.headers.fields(), expected);
}

TEST(UrlResponse, TakesBodiesInAllForms) {
  // Broken: images come as base64 text, or a body that is no string as nothing.
  for (const auto& [payload, body] : {
           std::pair{R"({"statusCode":200})", std::string()},
           std::pair{R"({"statusCode":200,"body":null})", std::string()},
           std::pair{R"({"statusCode":200,"body":"AP8=","isBase64Encoded":true})", std::string("\0\xff", 2)},
           std::pair{R"({"statusCode":200,"body":"AP8=","isBase64Encoded":"true"})", std::string("\0\xff", 2)},
           std::pair{R"({"statusCode":200,"body":{"a":1}})", std::string(R"({"a":1})")},
           std::pair{R"({"statusCode":"418","body":"i'm a teapot"})", std::string("i'm a teapot")},
       }) {
    const http::Response response = Respond(payload);
    EXPECT_EQ(response.body, body) << payload;
    EXPECT_EQ(response.headers.Get("Content-Type"), "application/json");
  }
  EXPECT_EQ(Respond(R"({"statusCode":"418"})").status, 418);
}

TEST(UrlResponse, RefusesWhatMakesNoResponse) {
  // Broken: a function forges responses (a line break in a header), or the daemon sends what HTTP does not know.
  for (const char* payload : {
           "",
           "hello",
           "{",
           R"({"statusCode":"abc"})",
           R"({"statusCode":99})",
           R"({"statusCode":101})",
           R"({"statusCode":1000})",
           R"({"statusCode":null})",
           R"({"statusCode":200.5})",
           R"({"statusCode":200,"headers":[]})",
           R"({"statusCode":200,"headers":{"a b":"c"}})",
           R"({"statusCode":200,"headers":{"":"c"}})",
           R"({"statusCode":200,"headers":{"a":"b\r\nSet-Cookie: x"}})",
           R"({"statusCode":200,"headers":{"a":["b"]}})",
           R"({"statusCode":200,"cookies":"a=1"})",
           R"({"statusCode":200,"cookies":[1]})",
           R"({"statusCode":200,"cookies":["a\n"]})",
           R"({"statusCode":200,"body":"!","isBase64Encoded":true})",
       }) {
    const http::Response response = Respond(payload);
    EXPECT_EQ(response.status, 502) << payload;
    EXPECT_EQ(response.body, kMalformed) << payload;
  }
}

TEST(UrlResponse, RenamesHeadersOfTheConnection) {
  // Broken: a function's Content-Length or Connection breaks the framing of the real response.
  const http::Response response = Respond(
      R"({"statusCode":200,"headers":{"content-length":"1","Connection":"close","WWW-Authenticate":"Basic","Date":"x","Transfer-Encoding":"chunked","Upgrade":"h2c"}})");
  const std::vector<http::Headers::Field> expected = {{"x-amzn-Remapped-content-length", "1"},
                                                      {"x-amzn-Remapped-Connection", "close"},
                                                      {"x-amzn-Remapped-WWW-Authenticate", "Basic"},
                                                      {"x-amzn-Remapped-Date", "x"},
                                                      {"Content-Type", "application/json"}};
  EXPECT_EQ(response.headers.fields(), expected);
}

TEST(UrlResponse, TellsNothingOfAFunctionError) {
  // Broken: stack traces of a function reach its clients.
  runtime::InvokeOutcome outcome;
  outcome.function_error = true;
  outcome.payload = R"({"errorMessage":"secret"})";
  for (const UrlInvokeMode mode : {UrlInvokeMode::Buffered, UrlInvokeMode::ResponseStream}) {
    const http::Response response = MakeUrlResponse(outcome, mode);
    EXPECT_EQ(response.status, 502);
    EXPECT_EQ(response.body, "Internal Server Error");
  }
}

TEST(UrlResponse, StreamsAreBodiesBehindAPrelude) {
  // Broken: what a streaming function wrote is interpreted, or its prelude is shown to the client.
  EXPECT_EQ(Respond(R"({"statusCode":404})", UrlInvokeMode::ResponseStream).body, R"({"statusCode":404})");
  runtime::InvokeOutcome outcome;
  outcome.content_type = "application/vnd.awslambda.http-integration-response";
  outcome.payload = R"({"statusCode":202,"headers":{"Content-Type":"text/plain"},"cookies":["a=1"]})" + std::string(8, '\0') + "stream";
  const http::Response response = MakeUrlResponse(outcome, UrlInvokeMode::ResponseStream);
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(response.body, "stream");
  EXPECT_EQ(response.headers.Get("Set-Cookie"), "a=1");
  for (const char* bad : {"no end", "[]\0\0\0\0\0\0\0\0"}) {
    outcome.payload = bad;
    EXPECT_EQ(MakeUrlResponse(outcome, UrlInvokeMode::ResponseStream).status, 502);
  }
}

TEST(UrlResponse, AStreamToAUrlThatDoesNotStreamIsUnderstood) {
  // Broken: a streaming function behind a BUFFERED URL answers 502, or shows its prelude.
  runtime::InvokeOutcome outcome;
  outcome.streaming_mode = true;
  outcome.content_type = "application/vnd.awslambda.http-integration-response";
  outcome.payload = R"({"statusCode":418})" + std::string(8, '\0') + "tea";
  http::Response response = MakeUrlResponse(outcome, UrlInvokeMode::Buffered);
  EXPECT_EQ(response.status, 418);
  EXPECT_EQ(response.body, "tea");
  outcome.content_type = "text/plain";
  outcome.payload = "no JSON";
  response = MakeUrlResponse(outcome, UrlInvokeMode::Buffered);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "no JSON");
  EXPECT_EQ(response.headers.Get("Content-Type"), "text/plain");
  outcome.payload = R"({"statusCode":204})";
  EXPECT_EQ(MakeUrlResponse(outcome, UrlInvokeMode::Buffered).status, 204);
}

TEST(UrlStreamHead, IsFoundHoweverTheBytesAreCut) {
  // Broken: a prelude whose end lies across two pieces is taken for the body, or bytes of the body get lost.
  using State = UrlStreamHead::State;
  const std::string all = R"({"statusCode":202,"headers":{"x-a":"b"},"cookies":["c=d"]})" + std::string(8, '\0') + std::string("\0body\0", 6);
  for (size_t first = 0; first <= all.size(); ++first) {
    for (const size_t second : {size_t{1}, size_t{3}, all.size()}) {
      UrlStreamHead head("application/vnd.awslambda.http-integration-response");
      std::string body;
      for (size_t at = 0; at < all.size();) {
        const std::string_view piece = std::string_view(all).substr(at, at == 0 && first > 0 ? first : second);
        at += piece.size();
        if (head.state() == State::Complete) body += piece;
        else if (head.Add(piece) == State::Complete) body = head.rest();
      }
      ASSERT_EQ(head.state(), State::Complete) << first;
      EXPECT_EQ(head.response().status, 202);
      EXPECT_EQ(head.response().headers.Get("x-a"), "b");
      EXPECT_EQ(head.response().headers.Get("Set-Cookie"), "c=d");
      EXPECT_EQ(head.response().headers.Get("Content-Type"), "application/octet-stream");
      ASSERT_EQ(body, std::string("\0body\0", 6)) << first << " " << second;
    }
  }
}

TEST(UrlStreamHead, IsBounded) {
  // Broken: a function that never ends its prelude takes the daemon's memory.
  using State = UrlStreamHead::State;
  UrlStreamHead head("application/vnd.awslambda.http-integration-response");
  size_t added = 0;
  while (head.Add(std::string(1000, ' ')) == State::NeedMore) added += 1000;
  EXPECT_EQ(head.state(), State::Malformed);
  EXPECT_LE(added, UrlStreamHead::kPreludeBytesMax + 1000);
  EXPECT_EQ(head.Add("more"), State::Malformed);
  UrlStreamHead at_once("application/vnd.awslambda.http-integration-response");
  EXPECT_EQ(at_once.Add(std::string(UrlStreamHead::kPreludeBytesMax + 1, ' ') + std::string(8, '\0')), State::Malformed);
}

TEST(UrlStreamHead, OfOtherContentTypesAllBytesAreTheBody) {
  UrlStreamHead head("text/event-stream");
  EXPECT_EQ(head.Add("{}"), UrlStreamHead::State::Complete);
  EXPECT_EQ(head.rest(), "{}");
  EXPECT_EQ(head.response().headers.Get("Content-Type"), "text/event-stream");
  EXPECT_EQ(UrlStreamHead("a\r\nb: c").response().headers.Get("Content-Type"), "application/octet-stream");
  EXPECT_EQ(UrlStreamHead("").response().headers.Get("Content-Type"), "application/octet-stream");
}

std::string WithHeaders(size_t count, size_t bytes) {
  std::string payload = R"({"statusCode":200,"headers":{)";
  for (size_t i = 0; i < count; ++i) payload += (i ? ",\"x" : "\"x") + std::to_string(i) + "\":\"" + std::string(bytes, 'v') + '"';
  return payload + "}}";
}

TEST(UrlResponse, BoundsWhatAFunctionSaysInHeaders) {
  // Broken: a function makes the daemon, and whoever calls its URL, take a head of megabytes.
  EXPECT_EQ(Respond(WithHeaders(kUrlHeaderFieldsMax, 1)).status, 200);
  EXPECT_EQ(Respond(WithHeaders(1, 60 * 1024)).status, 200);
  for (const std::string& payload : {WithHeaders(kUrlHeaderFieldsMax + 1, 1), WithHeaders(10'000, 1), WithHeaders(1, kUrlHeaderBytesMax), WithHeaders(1, 3 << 20),
                                     WithHeaders(150, 1024)}) {
    EXPECT_EQ(Respond(payload).status, 502);
    EXPECT_EQ(Respond(payload).body, kMalformed);
    UrlStreamHead head("application/vnd.awslambda.http-integration-response");
    EXPECT_EQ(head.Add(payload + std::string(8, '\0')), UrlStreamHead::State::Malformed);
  }
  std::string cookies = R"({"statusCode":200,"cookies":["a=1")";
  for (size_t i = 0; i < kUrlHeaderFieldsMax; ++i) cookies += R"(,"a=1")";
  EXPECT_EQ(Respond(cookies + "]}").status, 502);
}

TEST(UrlResponse, HalvesOfSurrogatePairsAreNoReasonToRefuse) {
  // Broken: an answer that holds a cut emoji is a 502.
  EXPECT_EQ(Respond(R"({"statusCode":200,"body":"a\ud83d"})").body, "a\xEF\xBF\xBD");
  EXPECT_EQ(Respond(R"({"text": "a\ud83d"})").body, R"({"text": "a\ud83d"})");
  EXPECT_EQ(Respond(R"(["\ud83d"])").body, R"(["\ud83d"])");
  EXPECT_EQ(Respond(R"("\ud83d")").body, "\xEF\xBF\xBD");
  EXPECT_EQ(Respond(R"({"statusCode":200,"headers":{"x":"\ude00"},"cookies":["c=\ude00"]})").headers.Get("x"), "\xEF\xBF\xBD");
}

TEST(UrlResponse, RefusalsHaveAwssWords) {
  // Broken: clients that look at the texts of AWS's own answers.
  EXPECT_EQ(UrlForbidden().body, R"({"Message":"Forbidden. For troubleshooting Function URL authorization issues, see: )"
                                 R"(https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"})");
  EXPECT_EQ(UrlForbidden().headers.Get("x-amzn-ErrorType"), "AccessDeniedException");
  EXPECT_EQ(UrlUnknown().body, R"({"Message":null})");
  EXPECT_EQ(UrlUnknown().status, 403);
  EXPECT_EQ(UrlTooLarge().status, 413);
}

}  // namespace
}  // namespace mayfly::edge
