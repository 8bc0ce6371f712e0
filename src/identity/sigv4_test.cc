// If these fail, clients that sign correctly are refused, or requests that were changed on the way are accepted.
// Signatures come from AWS's published examples (service "service", S3's documentation) and from botocore.
#include "identity/sigv4.h"

#include <gtest/gtest.h>

#include "identity/error_status.h"

namespace mayfly::identity {
namespace {

constexpr std::string_view kSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

struct ClockAt final : Clock {
  WallTime wall = *ParseAmzDate("20150830T123600Z");
  TimePoint Now() const override { return {}; }
  WallTime WallNow() const override { return wall; }
};

struct Signed {
  std::string method, target, host, service, signed_headers, signature;
  http::Headers headers = {};
  std::string body = {};
  std::string key_id = "AKIDEXAMPLE";
};

http::Request MakeRequest(const Signed& from) {
  http::Request request;
  request.method = from.method;
  request.target = from.target;
  request.headers = from.headers;
  request.headers.Add("Host", from.host);
  request.headers.Add("X-Amz-Date", "20150830T123600Z");
  request.headers.Add("Authorization", "AWS4-HMAC-SHA256 Credential=" + from.key_id + "/20150830/us-east-1/" + from.service +
                                           "/aws4_request, SignedHeaders=" + from.signed_headers +
                                           ", Signature=" + from.signature);
  request.body = from.body;
  return request;
}

http::Headers One(std::string_view name, std::string_view value) {
  http::Headers headers;
  headers.Add(name, value);
  return headers;
}

std::vector<Signed> Recorded() {
  const std::string example = "example.amazonaws.com", local = "127.0.0.1:4566";
  return {
      {"GET", "/", example, "service", "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"GET", "/?Param2=value2&Param1=value1&Param1=a%20b", example, "service", "host;x-amz-date",
       "cfb7bc6022571aff570c203e0b6e68cfc6d4018fbd56b41d9d66bd0dc38dd69f"},
      {"POST", "/", example, "service", "content-type;host;x-amz-date",
       "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
       One("Content-Type", "application/x-www-form-urlencoded"), "Param1=value1"},
      {"POST", "/2015-03-31/functions/fn%3Alive/invocations?Qualifier=1", local, "lambda",
       "host;x-amz-date;x-amz-invocation-type", "9184569b1c5f3c58e42893f1df8b57bc226047ac83345c6077cd6d0072f6058a",
       One("X-Amz-Invocation-Type", "RequestResponse"), "{\"a\": 1}"},
      {"GET", "/2015-03-31/functions", local, "lambda", "host;x-amz-date;x-amz-security-token",
       "99fb6d64edd0d3a396bcbd35b2e23ff9a2db2c79dd5750607625f12441df2f64", One("X-Amz-Security-Token", "tok/en+with=="), "",
       "ASIDEXAMPLE"},
      {"PUT", "/bucket/a%20b%2Bc//%C3%BC/../x", local, "s3", "host;x-amz-content-sha256;x-amz-date",
       "664d9c379ba84d1b59bc33ba1e907b74c051000da95420f199baf078549eb433",
       One("X-Amz-Content-SHA256", "3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7"), "data"},
      {"GET", "/example1/../a//b/./c/", example, "service", "host;x-amz-date",
       "e831ebc7260d07fb5c2c3bab4448ff6f2091c5c3bc8749b79e53d01778633b5e"},
      {"GET", "/", example, "service", "host;x-amz-date;x-amz-meta",
       "f80426e08e02701ba1e6a801742b691f719c2a836756d8c1bceca61b8d71043b", One("X-Amz-Meta", "  a   b  c ")},
  };
}

Result<> Check(const http::Request& request, const ClockAt& clock = {}, std::string_view secret = kSecret) {
  MF_TRY(const auto claim, ParseClaim(request));
  if (!claim) return Fail(Error::Fault("no claim"));
  const bool literal = claim->payload_hash == kUnsignedPayload;
  return SignatureVerifier(clock).Verify(request, *claim, secret, literal ? claim->payload_hash : Sha256Hex(request.body));
}

TEST(SigV4, AcceptsRecordedSignatures) {
  for (const Signed& recorded : Recorded()) {
    const auto checked = Check(MakeRequest(recorded));
    EXPECT_TRUE(checked) << recorded.target << "\n" << (checked ? "" : checked.error().message);
  }
}

TEST(SigV4, RefusesWhatWasChanged) {
  for (const Signed& recorded : Recorded()) {
    http::Request body = MakeRequest(recorded);
    body.body += "x";
    EXPECT_FALSE(Check(body)) << recorded.target;
    http::Request method = MakeRequest(recorded);
    method.method = "DELETE";
    EXPECT_FALSE(Check(method)) << recorded.target;
    http::Request target = MakeRequest(recorded);
    target.target += target.query().empty() ? "?x=1" : "&x=1";
    EXPECT_FALSE(Check(target)) << recorded.target;
    http::Request host = MakeRequest(recorded);
    host.headers.Set("Host", "evil.example");
    EXPECT_FALSE(Check(host)) << recorded.target;
    EXPECT_FALSE(Check(MakeRequest(recorded), {}, "another secret")) << recorded.target;
  }
}

TEST(SigV4, SignMakesWhatVerifyAccepts) {
  ClockAt clock;
  http::Request request;
  request.method = "POST";
  request.target = "/2015-03-31/functions/fn%3Alive/invocations?Qualifier=1";
  request.headers.Add("X-Amz-Invocation-Type", "RequestResponse");
  request.headers.Add("Host", "127.0.0.1:4566");
  request.body = "{\"a\": 1}";
  Sign(request, {"AKIDEXAMPLE", std::string(kSecret), ""}, "us-east-1", "lambda", clock.wall, "127.0.0.1:4566");
  EXPECT_NE(request.headers.Get("Authorization").find("Signature=9184569b1c5f3c58e42893f1df8b57bc226047ac83345c6077cd6d0072f6058a"),
            std::string_view::npos);
  EXPECT_TRUE(Check(request));
}

TEST(SigV4, PresignedMatchesBotocoreAndAwsExample) {
  ClockAt clock;
  const SigningIdentity identity{"ASIDEXAMPLE", std::string(kSecret), "tok/en+with=="};
  const std::string query = PresignQuery("GET", "127.0.0.1:4566", "/code/a%20b.zip", identity, "us-east-1", "s3", clock.wall,
                                         std::chrono::seconds(900));
  EXPECT_EQ(query,
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ASIDEXAMPLE%2F20150830%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date="
            "20150830T123600Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Security-Token=tok%2Fen%2Bwith%3D%3D&X-Amz-"
            "Signature=bb996e170edb8ff94789ff6e78c2130cf56f270f0ec57ce629398f580f9a53f5");
  http::Request request;
  request.method = "GET";
  request.headers.Add("Host", "127.0.0.1:4566");
  request.target = "/code/a%20b.zip?" + query;
  EXPECT_TRUE(Check(request));
  request.target =
      "/2015-03-31/functions?MaxItems=5&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2F"
      "lambda%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature="
      "d0873f622c8de2c94008d6d1c964e3b655d0742fd22d3facd62be6ebf1ba825f";
  EXPECT_TRUE(Check(request));

  const std::string published =
      PresignQuery("GET", "examplebucket.s3.amazonaws.com", "/test.txt",
                   {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""}, "us-east-1", "s3",
                   *ParseAmzDate("20130524T000000Z"), std::chrono::hours(24));
  EXPECT_TRUE(published.ends_with("aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")) << published;
}

TEST(SigV4, PresignedEndsWithItsTime) {
  ClockAt clock;
  http::Request request;
  request.method = "GET";
  request.headers.Add("Host", "h");
  request.target = "/x?" + PresignQuery("GET", "h", "/x", {"A", "s", ""}, "us-east-1", "s3", clock.wall, std::chrono::hours(1));
  clock.wall += std::chrono::minutes(59);
  EXPECT_TRUE(Check(request, clock, "s"));
  clock.wall += std::chrono::minutes(2);
  const auto late = Check(request, clock, "s");
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().message, "Signature expired: 20150830T133600Z is now earlier than 20150830T133700Z");
}

TEST(SigV4, SaysWhatItCalculated) {
  Signed wrong = Recorded()[0];
  wrong.signature[0] = '6';
  const auto checked = Check(MakeRequest(wrong));
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, "InvalidSignatureException");
  EXPECT_EQ(checked.error().message,
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and "
            "signing method. Consult the service documentation for details.\n\nThe Canonical String for this request should have "
            "been\n'GET\n/\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\nhost;x-amz-date\n"
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'\n\nThe String-to-Sign should have been\n"
            "'AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n"
            "bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63'\n");
}

TEST(SigV4, RefusesClocksMoreThanFiveMinutesOff) {
  const http::Request request = MakeRequest(Recorded()[0]);
  ClockAt clock;
  clock.wall += std::chrono::minutes(5);
  EXPECT_TRUE(Check(request, clock));
  clock.wall += std::chrono::seconds(1);
  const auto late = Check(request, clock);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().message,
            "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - 5 min.)");
  clock.wall -= std::chrono::seconds(602);
  const auto early = Check(request, clock);
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().message,
            "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T123059Z + 5 min.)");
}

TEST(SigV4, HttpDateStandsInForAmzDate) {
  http::Request request = MakeRequest(Recorded()[0]);
  request.headers.Remove("X-Amz-Date");
  request.headers.Add("Date", "Sun, 30 Aug 2015 12:36:00 GMT");
  const auto claim = ParseClaim(request);
  ASSERT_TRUE(claim && *claim);
  EXPECT_EQ(FormatAmzDate((*claim)->signed_at), "20150830T123600Z");
}

struct BadClaim {
  std::string authorization, date, code, message_part;
};

TEST(SigV4, BrokenClaimsHaveAwsTexts) {
  const std::string scope = "AWS4-HMAC-SHA256 Credential=A/20150830/us-east-1/lambda/";
  const std::string rest = ", SignedHeaders=host;x-amz-date, Signature=00";
  const std::string date = "20150830T123600Z";
  const std::vector<BadClaim> cases = {
      {"AWS4-HMAC-SHA256", "", "IncompleteSignatureException",
       "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization "
       "header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' "
       "header. (Hashed with SHA-256 and encoded with Base64) Authorization="},
      {"AWS4-HMAC-SHA256 Credential", date, "IncompleteSignatureException", "missing equal-sign"},
      {"AWS4-ECDSA-P256-SHA256 Credential=x", date, "IncompleteSignatureException", "Unsupported AWS 'algorithm'"},
      {"AWS4-HMAC-SHA256 Credential=A/b" + rest, date, "IncompleteSignatureException", "exactly 5 slash-delimited elements"},
      {scope + "aws3_request" + rest, date, "InvalidSignatureException", "'aws4_request', not 'aws3_request'"},
      {scope + "aws4_request" + rest, "20150831T000000Z", "InvalidSignatureException",
       "'20150830' != '20150831', from '20150831T000000Z'."},
      {scope + "aws4_request" + rest, "yesterday", "IncompleteSignatureException", "Date must be in ISO-8601 'basic format'"},
      {scope + "aws4_request" + rest, "99991231T235959Z", "IncompleteSignatureException", "Date must be in ISO-8601 'basic format'"},
      {scope + "aws4_request, SignedHeaders=x-amz-date, Signature=00", date, "InvalidSignatureException", "'Host' must be"},
      {scope + "aws4_request, SignedHeaders=host;host, Signature=00", date, "IncompleteSignatureException", "distinct"},
      {scope + "aws4_request, SignedHeaders=Host, Signature=00", date, "IncompleteSignatureException", "lower-case"},
      {scope + "aws4_request, Credential=x" + rest, date, "IncompleteSignatureException", "twice"},
  };
  for (const BadClaim& bad : cases) {
    http::Request request;
    request.method = "GET";
    request.target = "/";
    request.headers.Add("Authorization", bad.authorization);
    if (!bad.date.empty()) request.headers.Add("X-Amz-Date", bad.date);
    const auto claim = ParseClaim(request);
    ASSERT_FALSE(claim) << bad.authorization;
    EXPECT_EQ(claim.error().code, bad.code) << bad.authorization;
    EXPECT_NE(claim.error().message.find(bad.message_part), std::string::npos) << claim.error().message;
    EXPECT_NE(HttpStatusOf(claim.error().code), 0);
  }
}

TEST(SigV4, OtherSchemesAreNoClaim) {
  for (const char* scheme : {"Bearer abc", "Basic YTpi", ""}) {
    http::Request request;
    request.target = "/?X-Amz-Something=1";
    if (*scheme) request.headers.Add("Authorization", scheme);
    const auto claim = ParseClaim(request);
    ASSERT_TRUE(claim);
    EXPECT_FALSE(*claim);
  }
}

TEST(SigV4, PresignedLimits) {
  http::Request request;
  request.method = "GET";
  request.target = "/?X-Amz-Algorithm=AWS4-HMAC-SHA256";
  auto claim = ParseClaim(request);
  ASSERT_FALSE(claim);
  EXPECT_NE(claim.error().message.find("AWS query-string parameters must include 'X-Amz-Credential'."), std::string::npos);
  request.target +=
      "&X-Amz-Credential=A%2F20150830%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host&"
      "X-Amz-Signature=00";
  for (const char* expires : {"604801", "-1", "soon", "99999999999999999999"}) {
    http::Request timed;
    timed.target = request.target + "&X-Amz-Expires=" + expires;
    EXPECT_FALSE(ParseClaim(timed)) << expires;
  }
  request.target += "&X-Amz-Expires=604800";
  EXPECT_TRUE(ParseClaim(request));
}

TEST(SigV4, PayloadModes) {
  Claim claim;
  EXPECT_EQ(*PayloadModeOf(claim.payload_hash), PayloadMode::Signed);
  claim.payload_hash = "UNSIGNED-PAYLOAD";
  EXPECT_EQ(*PayloadModeOf(claim.payload_hash), PayloadMode::Unsigned);
  claim.payload_hash = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
  EXPECT_EQ(*PayloadModeOf(claim.payload_hash), PayloadMode::StreamingUnsignedTrailer);
  claim.payload_hash = std::string(64, 'a');
  EXPECT_EQ(*PayloadModeOf(claim.payload_hash), PayloadMode::Signed);
  claim.payload_hash = "x";
  EXPECT_EQ(PayloadModeOf(claim.payload_hash).error().code, "InvalidArgument");
}

TEST(SigV4, FindsScopesWithoutChecking) {
  http::Request request;
  EXPECT_FALSE(FindCredentialScope(request));
  request.target = "/?AWSAccessKeyId=AKV2&Signature=x&Expires=1";
  EXPECT_EQ(FindCredentialScope(request)->access_key_id, "AKV2");
  const std::string credential = "X-Amz-Credential=123456789012%2F20150830%2Feu-west-1%2Fs3%2Faws4_request";
  request.target = "/?" + credential;
  EXPECT_FALSE(FindCredentialScope(request)) << "anybody writes credentials into a URL";
  EXPECT_EQ(FindSignature(request), SignaturePlace::None);
  request.target = "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&" + credential + "&X-Amz-Date=20150830T000000Z&X-Amz-SignedHeaders=host&X-Amz-Signature=00";
  EXPECT_EQ(FindCredentialScope(request)->region, "eu-west-1");
  EXPECT_EQ(FindSignature(request), SignaturePlace::Query);
  request.headers.Add("Authorization", "AWS4-HMAC-SHA256 Credential=test/20150830/us-west-2/lambda/aws4_request, SignedHeaders=host");
  EXPECT_EQ(FindCredentialScope(request)->service, "lambda");
  request.headers.Set("Authorization", "AWS AKV2:c2ln");
  EXPECT_EQ(FindCredentialScope(request)->access_key_id, "AKV2");
  request.headers.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test");
  EXPECT_FALSE(FindCredentialScope(request));
  for (const char* none : {"", "Basic dGVzdDp0ZXN0", "Bearer x", "AWS ", "AWS :sig", "AWS4-HMAC-SHA256 Credential=/20150830/us-west-2/lambda/aws4_request"}) {
    request.headers.Set("Authorization", none);
    EXPECT_EQ(FindSignature(request), SignaturePlace::None) << none;
  }
}

}  // namespace
}  // namespace mayfly::identity
