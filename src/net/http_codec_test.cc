// If these fail, two HTTP implementations could read the same bytes as different requests, or honest messages are refused.
#include "net/http_codec.h"

#include <gtest/gtest.h>

namespace mayfly::http {
namespace {

constexpr size_t kCountMax = 100;

std::expected<Framing, HeadError> Parse(std::string_view head, Request& request) {
  HeadScanner scanner;
  const HeadScanner::State state = scanner.Scan(head);
  if (state == HeadScanner::State::Malformed) return std::unexpected(HeadError{400, "line end"});
  EXPECT_EQ(state, HeadScanner::State::Complete) << head;
  return ParseRequestHead(head.substr(0, scanner.bytes()), kCountMax, request);
}

int StatusOf(std::string_view head) {
  Request request;
  const auto parsed = Parse(head, request);
  return parsed ? 200 : parsed.error().status;
}

struct HeadCase {
  const char* name;
  std::string head;
  int status;
};

class RequestHead : public testing::TestWithParam<HeadCase> {};

TEST_P(RequestHead, IsAcceptedOrRefusedWithItsStatus) { EXPECT_EQ(StatusOf(GetParam().head), GetParam().status); }

std::string Post(std::string_view fields) { return "POST / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n"; }

const HeadCase kHeadCases[] = {
    {"Plain", "GET /a?b=c HTTP/1.1\r\nHost: x:80\r\n\r\n", 200},
    {"Http10WithoutHost", "GET / HTTP/1.0\r\n\r\n", 200},
    {"EmptyHostValue", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 200},
    {"OptionsStar", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 200},
    {"AbsoluteTarget", "GET http://h/p HTTP/1.1\r\nHost: x\r\n\r\n", 200},
    {"TokenMethod", "M-SEARCH / HTTP/1.1\r\nHost: x\r\n\r\n", 200},
    {"ObsTextInValue", "GET / HTTP/1.1\r\nHost: x\r\nX: caf\xc3\xa9\r\n\r\n", 200},
    // Request smuggling: who delimits the body differently?
    {"LengthAndChunked", Post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400},
    {"ChunkedAndLength", Post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), 400},
    {"DifferingLengths", Post("Content-Length: 5\r\nContent-Length: 6\r\n"), 400},
    {"RepeatedLengths", Post("Content-Length: 5\r\nContent-Length: 5\r\n"), 400},
    {"LengthList", Post("Content-Length: 5, 5\r\n"), 400},
    {"LengthPlus", Post("Content-Length: +5\r\n"), 400},
    {"LengthMinus", Post("Content-Length: -5\r\n"), 400},
    {"LengthHex", Post("Content-Length: 0x5\r\n"), 400},
    {"LengthSpace", Post("Content-Length: 5 5\r\n"), 400},
    {"LengthEmpty", Post("Content-Length:\r\n"), 400},
    {"LengthOverflow", Post("Content-Length: 18446744073709551621\r\n"), 400},
    {"UnknownCoding", Post("Transfer-Encoding: xchunked\r\n"), 501},
    {"CodingList", Post("Transfer-Encoding: chunked, identity\r\n"), 501},
    {"GzipChunked", Post("Transfer-Encoding: gzip, chunked\r\n"), 501},
    {"Identity", Post("Transfer-Encoding: identity\r\n"), 501},
    {"TwoCodings", Post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
    {"CodingWithVerticalTab", Post("Transfer-Encoding: \x0b" "chunked\r\n"), 400},
    {"CodingQuoted", Post("Transfer-Encoding: \"chunked\"\r\n"), 501},
    {"EmptyCoding", Post("Transfer-Encoding:\r\n"), 501},
    {"ChunkedIn10", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"SpaceBeforeColon", Post("Content-Length : 5\r\n"), 400},
    {"TabBeforeColon", Post("Transfer-Encoding\t: chunked\r\n"), 400},
    {"LeadingSpaceField", "GET / HTTP/1.1\r\n Host: x\r\n\r\n", 400},
    {"ObsFold", Post("X: a\r\n b\r\n"), 400},
    {"ObsFoldTab", Post("X: a\r\n\tb\r\n"), 400},
    {"BareLf", "GET / HTTP/1.1\nHost: x\n\n", 400},
    {"BareLfInFields", "GET / HTTP/1.1\r\nHost: x\r\nA: b\nC: d\r\n\r\n", 400},
    {"BareCrInValue", Post("X: a\rContent-Length: 5\r\n"), 400},
    {"BareCrInRequestLine", "GET /\r HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"NulInValue", Post(std::string("X: a\0b\r\n", 8)), 400},
    {"NulInName", Post(std::string("X\0: b\r\n", 7)), 400},
    {"NoColon", Post("Hello\r\n"), 400},
    {"EmptyName", Post(": x\r\n"), 400},
    {"NonTokenName", Post("A(b): x\r\n"), 400},
    {"HighByteInName", Post("A\xc3: x\r\n"), 400},
    {"NoHost", "GET / HTTP/1.1\r\n\r\n", 400},
    {"TwoHosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
    {"TwoEqualHosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
    {"HostWithSpace", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
    {"HostWithSlash", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
    {"HostWithAt", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400},
    // The request line.
    {"Http2", "GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505},
    {"Http09", "GET / HTTP/0.9\r\nHost: x\r\n\r\n", 505},
    {"Http12", "GET / HTTP/1.2\r\nHost: x\r\n\r\n", 505},
    {"Http11Long", "GET / HTTP/1.10\r\nHost: x\r\n\r\n", 400},
    {"LowerCaseVersion", "GET / http/1.1\r\nHost: x\r\n\r\n", 400},
    {"NoVersion", "GET /\r\nHost: x\r\n\r\n", 400},
    {"TwoSpaces", "GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"SpaceInTarget", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"TrailingSpace", "GET / HTTP/1.1 \r\nHost: x\r\n\r\n", 400},
    {"LeadingSpace", " GET / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"TabSeparated", "GET\t/\tHTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"HighByteInTarget", "GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"ControlInTarget", "GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"DelInTarget", "GET /\x7f HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"FragmentInTarget", "GET /#a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"RelativeTarget", "GET a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"StarForGet", "GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"UserInfoInTarget", "GET http://a@b/ HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"Connect", "CONNECT a:443 HTTP/1.1\r\nHost: x\r\n\r\n", 501},
    {"LongMethod", std::string(40, 'A') + " / HTTP/1.1\r\nHost: x\r\n\r\n", 501},
    {"MethodCharacter", "G@T / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"OtherExpectation", Post("Content-Length: 1\r\nExpect: 200-ok\r\n"), 417},
};
INSTANTIATE_TEST_SUITE_P(Table, RequestHead, testing::ValuesIn(kHeadCases), [](const auto& info) { return info.param.name; });

TEST(RequestHead, HoldsWhatWasSent) {
  Request request;
  const auto framing = Parse("POST /2015-03-31/functions/f%3Alive/invocations?Qualifier=1 HTTP/1.1\r\nHost: a:1\r\nX-A:  b c \t\r\n"
                             "x-a:\r\nContent-Length: 12\r\nExpect: 100-Continue\r\nConnection: foo, Close\r\n\r\n", request);
  ASSERT_TRUE(framing);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path(), "/2015-03-31/functions/f%3Alive/invocations");
  EXPECT_EQ(request.query(), "Qualifier=1");
  EXPECT_EQ(request.headers.fields().size(), 6u);
  EXPECT_EQ(request.headers.Get("x-A"), "b c");
  EXPECT_EQ(request.headers.fields()[2].first, "x-a");
  EXPECT_EQ(request.content_length(), 12);
  EXPECT_EQ(framing->body, Framing::Body::Length);
  EXPECT_EQ(framing->length, 12u);
  EXPECT_TRUE(framing->expect_continue);
  EXPECT_FALSE(framing->keep_alive);
}

TEST(RequestHead, AbsoluteTargetReplacesHost) {
  Request request;
  ASSERT_TRUE(Parse("GET HTTP://real:81?q HTTP/1.1\r\nHost: other\r\n\r\n", request));
  EXPECT_EQ(request.target, "/?q");
  EXPECT_EQ(request.headers.Get("host"), "real:81");
}

TEST(RequestHead, KeepAliveFollowsVersionAndField) {
  auto keep_alive = [](std::string_view head) {
    Request request;
    return Parse(head, request)->keep_alive;
  };
  EXPECT_TRUE(keep_alive("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_FALSE(keep_alive("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(keep_alive("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"));
  EXPECT_FALSE(keep_alive("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nConnection: keep-alive\r\n\r\n"));
}

TEST(RequestHead, OfOneThatIsTooLargeWhatIsSoundIsSkimmed) {
  Request request;
  SkimRequestHead("POST /a?b HTTP/1.1\r\nHost: h\r\nbad line\r\nX-Amz-Target: T.Op\r\nX: \x01\r\nX-Big: aaaa", request);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/a?b");
  EXPECT_EQ(request.headers.Get("Host"), "h");
  EXPECT_EQ(request.headers.Get("X-Amz-Target"), "T.Op");
  EXPECT_EQ(request.headers.fields().size(), 2u) << "nothing unsound, and no field that is cut off";
  for (const char* head : {"", "\r\n", "GET", "GET ", " / x", "GET http://h/ HTTP/1.1\r\n", "\x01 \x02 \x03\r\n\r\n"}) {
    Request other;
    SkimRequestHead(head, other);
    EXPECT_FALSE(other.method.empty());
    EXPECT_EQ(other.target, "/") << head;
  }
  Request endless;
  SkimRequestHead("GET /" + std::string(6000, 'a'), endless);
  EXPECT_EQ(endless.target.size(), 6001u);
}

TEST(RequestHead, TooManyFieldsAre431) {
  std::string head = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (size_t i = 1; i < kCountMax; ++i) head += "X: y\r\n";
  EXPECT_EQ(StatusOf(head + "\r\n"), 200);
  EXPECT_EQ(StatusOf(head + "X: y\r\n\r\n"), 431);
}

TEST(HeadScanner, FindsTheSameEndHoweverTheBytesArrive) {
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\nB: c\r\n\r\n";
  const std::string input = head + "GET /next";
  for (size_t split = 0; split <= input.size(); ++split) {
    HeadScanner scanner;
    const auto first = scanner.Scan(std::string_view(input).substr(0, split));
    EXPECT_EQ(first == HeadScanner::State::Complete, split >= head.size()) << split;
    EXPECT_EQ(scanner.Scan(input), first == HeadScanner::State::Complete ? scanner.Scan(input) : HeadScanner::State::Complete);
    if (first != HeadScanner::State::Complete) EXPECT_EQ(scanner.bytes(), head.size());
  }
}

// ---- bodies ----

struct Decoded {
  BodyDecoder::State state = BodyDecoder::State::NeedMore;
  std::string body;
  size_t consumed = 0;
  Headers trailers;
};

// Feeds `input` in two parts, split at `split`.
Decoded Decode(const Framing& framing, std::string_view input, size_t split, uint64_t bytes_max = 1 << 20) {
  BodyDecoder decoder(framing, {bytes_max, 1024, 10});
  Decoded decoded;
  for (const size_t end : {split, input.size()}) {
    for (;;) {
      const auto step = decoder.Next(input.substr(decoded.consumed, end - decoded.consumed));
      decoded.consumed += step.consumed;
      decoded.body += step.piece;
      decoded.state = step.state;
      if (step.state != BodyDecoder::State::Piece) break;
    }
    if (decoded.state != BodyDecoder::State::NeedMore) break;
  }
  decoded.trailers = decoder.trailers();
  return decoded;
}

constexpr Framing kChunked{.body = Framing::Body::Chunked};

TEST(BodyDecoder, ChunkedIsTheSameHoweverItArrives) {
  const std::string body = "5\r\nhello\r\n00A;name=\"v\";x\r\n0123456789\r\n1\r\n\n\r\n0\r\nX-Trailer: yes\r\nY:\r\n\r\n";
  const std::string input = body + "GET / HTTP/1.1\r\n";
  for (size_t split = 0; split <= input.size(); ++split) {
    const Decoded decoded = Decode(kChunked, input, split);
    EXPECT_EQ(decoded.state, BodyDecoder::State::End) << split;
    EXPECT_EQ(decoded.body, "hello0123456789\n") << split;
    EXPECT_EQ(decoded.consumed, body.size()) << split;
    EXPECT_EQ(decoded.trailers.Get("x-trailer"), "yes") << split;
    EXPECT_EQ(decoded.trailers.fields().size(), 2u) << split;
  }
}

TEST(BodyDecoder, BrokenChunksAreMalformedHoweverTheyArrive) {
  const std::string cases[] = {
      "\r\n", "g\r\n", "-1\r\n", "+5\r\nhello\r\n", " 5\r\nhello\r\n", "5 \r\nhello\r\n", "0x5\r\nhello\r\n", "5\nhello\r\n",
      "5\r\nhelloX\r\n", "5\r\nhello\rX", "5\r\nhello\n\r\n", "5\r\nhello0\r\n\r\n", "5;a\rb\r\nhello\r\n", "5;a\x01\r\nhello\r\n", "5;a=\"x\r\nhello\r\n", "5;a=\r\nhello\r\n", "5;\r\nhello\r\n", "5;a b\r\nhello\r\n",
      "ffffffffffffffffff\r\n", "0\r\nX : y\r\n\r\n", "0\r\n X: y\r\n\r\n", "0\r\nX\r\n\r\n", "0\r\nContent-Length: 5\r\n\r\n", "0\r\n\n", "0\r\nX: a\n\r\n",
      "5;" + std::string(2000, 'a')};
  for (const std::string& input : cases) {
    for (size_t split = 0; split <= input.size(); split += 1 + split / 50) {
      EXPECT_EQ(Decode(kChunked, input, split).state, BodyDecoder::State::Malformed) << input << " at " << split;
    }
  }
}

TEST(BodyDecoder, LengthLeavesTheNextRequestAlone) {
  const Framing framing{.body = Framing::Body::Length, .length = 5};
  for (size_t split = 0; split <= 8; ++split) {
    const Decoded decoded = Decode(framing, "helloGET", split);
    EXPECT_EQ(decoded.state, BodyDecoder::State::End);
    EXPECT_EQ(decoded.body, "hello");
    EXPECT_EQ(decoded.consumed, 5u);
  }
}

TEST(BodyDecoder, RefusesBeyondItsLimits) {
  EXPECT_EQ(Decode(kChunked, "5\r\nhello\r\n6\r\n", 0, 10).state, BodyDecoder::State::TooLarge);
  EXPECT_EQ(Decode(kChunked, "7fffffffffffffff\r\n", 0, 10).state, BodyDecoder::State::TooLarge);
  EXPECT_EQ(Decode({.body = Framing::Body::Length, .length = 11}, "", 0, 10).state, BodyDecoder::State::TooLarge);
  EXPECT_EQ(Decode({.body = Framing::Body::UntilClose}, "0123456789x", 0, 10).state, BodyDecoder::State::TooLarge);
  EXPECT_EQ(Decode(kChunked, "0\r\nX: " + std::string(2000, 'a'), 0).state, BodyDecoder::State::TooLarge);
  std::string many = "0\r\n";
  for (int i = 0; i < 11; ++i) many += "X: y\r\n";
  EXPECT_EQ(Decode(kChunked, many + "\r\n", 0).state, BodyDecoder::State::Malformed);
}

TEST(BodyDecoder, UntilCloseEndsWithTheInput) {
  BodyDecoder decoder({.body = Framing::Body::UntilClose}, {100, 100, 10});
  EXPECT_EQ(decoder.Next("abc").piece, "abc");
  EXPECT_FALSE(decoder.ended());
  decoder.EndOfInput();
  EXPECT_TRUE(decoder.ended());
}

// ---- responses ----

TEST(ResponseHead, KnowsWhereTheBodyEnds) {
  auto parse = [](std::string_view head, AnswerTo answer_to = AnswerTo::Other) {
    ResponseHead response;
    return ParseResponseHead(head, kCountMax, answer_to, response);
  };
  EXPECT_EQ(parse("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n")->length, 3u);
  EXPECT_EQ(parse("HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n")->body, Framing::Body::Chunked);
  EXPECT_EQ(parse("HTTP/1.0 200 OK\r\n\r\n")->body, Framing::Body::UntilClose);
  EXPECT_EQ(parse("HTTP/1.1 204 No Content\r\n\r\n")->body, Framing::Body::None);
  EXPECT_EQ(parse("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n")->body, Framing::Body::None);
  EXPECT_EQ(parse("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", AnswerTo::Head)->body, Framing::Body::None);
  EXPECT_FALSE(parse("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"));
  EXPECT_FALSE(parse("HTTP/1.1 20 OK\r\n\r\n"));
  EXPECT_FALSE(parse("HTTP/1.1 2000 OK\r\n\r\n"));
  EXPECT_FALSE(parse("HTTP/3.1 200 OK\r\n\r\n"));
  EXPECT_FALSE(parse("ICY 200 OK and so on\r\n\r\n"));
}

TEST(Fields, ThatWouldBreakTheFramingAreNotWritten) {
  std::string out;
  EXPECT_TRUE(AppendField(out, "A", "b"));
  EXPECT_FALSE(AppendField(out, "A", "b\r\nSet-Cookie: x"));
  EXPECT_FALSE(AppendField(out, "A\r\nB", "c"));
  EXPECT_FALSE(AppendField(out, "", "c"));
  EXPECT_FALSE(AppendField(out, "A", std::string_view("\0", 1)));
  EXPECT_EQ(out, "A: b\r\n");
}

TEST(Headers, SetAndRemoveIgnoreCase) {
  Headers headers;
  headers.Add("A", "1");
  headers.Add("B", "2");
  headers.Add("a", "3");
  headers.Set("a", headers.Get("A"));
  EXPECT_EQ(headers.fields().size(), 2u);
  EXPECT_EQ(headers.Get("A"), "1");
  headers.Remove("b");
  EXPECT_EQ(headers.Find("B"), nullptr);
}

TEST(Query, IsDecodedInOrder) {
  const auto parameters = ParseQuery("a=1&b=%41+c&&d&e=x=y&bad=%4&%zz=1");
  const std::vector<std::pair<std::string, std::string>> expected{{"a", "1"}, {"b", "A c"}, {"d", ""}, {"e", "x=y"}, {"bad", "%4"}, {"%zz", "1"}};
  EXPECT_EQ(parameters, expected);
}

}  // namespace
}  // namespace mayfly::http
