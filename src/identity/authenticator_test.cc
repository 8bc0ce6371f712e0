// If these fail, strict mode lets strangers in, open mode confuses accounts, or a restart forgets the keys.
#include "identity/authenticator.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/encoding.h"
#include "base/files.h"
#include "base/sim_loop.h"
#include "identity/error_status.h"

namespace mayfly::identity {
namespace {

struct FixedClock final : Clock {
  WallTime wall = *ParseAmzDate("20260131T120000Z");
  TimePoint Now() const override { return {}; }
  WallTime WallNow() const override { return wall; }
};

class Authentication : public testing::Test {
 protected:
  Authentication() {
    char name[] = "/tmp/mayfly_identity_XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~Authentication() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<AccessKeys> OpenKeys(AuthMode mode) {
    auto keys = AccessKeys::Open(folder_ + "/access-keys.json", mode, "000000000000", random_);
    EXPECT_TRUE(keys) << keys.error().ToString();
    return std::move(*keys);
  }
  http::Request Signed(const AccessKey& key, std::string body = {}) const {
    http::Request request;
    request.method = "POST";
    request.target = "/2015-03-31/functions/f/invocations";
    request.headers.Add("Host", "localhost:4566");
    request.body = std::move(body);
    Sign(request, {key.access_key_id, key.secret_access_key, key.session_token}, "eu-west-1", "lambda", clock_.wall, "localhost:4566");
    return request;
  }

  std::string folder_;
  SeededRandom random_{7};
  FixedClock clock_;
  SessionKeys sessions_{std::string(32, 'k'), random_};
};

TEST_F(Authentication, StrictMakesOneRootKeyAndKeepsIt) {
  const AccessKey root = OpenKeys(AuthMode::Strict)->List().at(0);
  struct stat status{};
  ASSERT_EQ(::stat((folder_ + "/access-keys.json").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  const auto again = OpenKeys(AuthMode::Strict);
  ASSERT_EQ(again->List().size(), 1u);
  EXPECT_EQ(again->List()[0].secret_access_key, root.secret_access_key);
  EXPECT_EQ(root.PrincipalArn(), "arn:aws:iam::000000000000:root");
  EXPECT_EQ(root.secret_access_key.size(), 40u);
  EXPECT_EQ(root.access_key_id.size(), 20u);
}

TEST_F(Authentication, OpenModeWritesNoFile) {
  OpenKeys(AuthMode::Open);
  EXPECT_NE(::access((folder_ + "/access-keys.json").c_str(), F_OK), 0);
}

TEST_F(Authentication, RefusesABrokenFileAndKeepsIt) {
  const std::string path = folder_ + "/access-keys.json";
  for (const char* text : {"", "[]", "{\"version\":2,\"keys\":[]}", "{\"version\":1,\"keys\":[{\"access_key_id\":\"A\"}]}"}) {
    ASSERT_TRUE(WriteFileDurably(path, text, 0600));
    const auto keys = AccessKeys::Open(path, AuthMode::Strict, "000000000000", random_);
    ASSERT_FALSE(keys) << text;
    EXPECT_FALSE(keys.error().hint.empty());
    EXPECT_EQ(*ReadFile(path), text);
  }
}

TEST_F(Authentication, AddAndRemoveAreDurable) {
  AccessKey added;
  {
    const auto keys = OpenKeys(AuthMode::Strict);
    added = *keys->Add("123456789012", "ada");
    EXPECT_FALSE(keys->Add("12", "x"));
  }
  {
    const auto keys = OpenKeys(AuthMode::Strict);
    ASSERT_TRUE(keys->Find(added.access_key_id));
    EXPECT_EQ(keys->Find(added.access_key_id)->PrincipalArn(), "arn:aws:iam::123456789012:user/ada");
    EXPECT_EQ(keys->FirstOf("123456789012")->access_key_id, added.access_key_id);
    ASSERT_TRUE(keys->Remove(added.access_key_id));
    EXPECT_FALSE(keys->Find(added.access_key_id));
  }
  EXPECT_FALSE(OpenKeys(AuthMode::Strict)->Find(added.access_key_id));
}

TEST_F(Authentication, StrictAcceptsTheRootKey) {
  const auto keys = OpenKeys(AuthMode::Strict);
  Authenticator authenticator({.mode = AuthMode::Strict}, *keys, sessions_, clock_);
  const http::Request request = Signed(keys->List()[0], "{}");
  const auto principal = authenticator.Authenticate(request);
  ASSERT_TRUE(principal) << principal.error().ToString();
  EXPECT_EQ(principal->region, "eu-west-1");
  EXPECT_EQ(principal->account_id, "000000000000");
  EXPECT_TRUE(authenticator.Authenticate(request, {.body_sha256_hex = Sha256Hex("{}")}));
  EXPECT_EQ(authenticator.Authenticate(request, {.body_sha256_hex = Sha256Hex("{ }")}).error().code, "InvalidSignatureException");
}

TEST_F(Authentication, StrictRefusesStrangers) {
  const auto keys = OpenKeys(AuthMode::Strict);
  Authenticator authenticator({.mode = AuthMode::Strict}, *keys, sessions_, clock_);
  http::Request bare;
  bare.target = "/";
  const auto missing = authenticator.Authenticate(bare);
  EXPECT_EQ(missing.error().code, "MissingAuthenticationTokenException");
  EXPECT_EQ(missing.error().message, "Missing Authentication Token");
  EXPECT_EQ(HttpStatusOf(missing.error().code), 403);

  AccessKey stranger = keys->List()[0];
  stranger.access_key_id = "AKIASTRANGER";
  const auto unknown = authenticator.Authenticate(Signed(stranger));
  EXPECT_EQ(unknown.error().code, "UnrecognizedClientException");
  EXPECT_EQ(unknown.error().message, "The security token included in the request is invalid.");

  AccessKey guessed = keys->List()[0];
  guessed.secret_access_key = "guess";
  EXPECT_EQ(authenticator.Authenticate(Signed(guessed)).error().code, "InvalidSignatureException");
  AccessKey with_token = keys->List()[0];
  with_token.session_token = "surplus";
  EXPECT_EQ(authenticator.Authenticate(Signed(with_token)).error().code, "UnrecognizedClientException");
}

TEST_F(Authentication, SessionsNeedTheirTokenAndEnd) {
  const auto keys = OpenKeys(AuthMode::Strict);
  Authenticator authenticator({.mode = AuthMode::Strict}, *keys, sessions_, clock_);
  const std::string arn = "arn:aws:sts::000000000000:assumed-role/r/f";
  const AccessKey key = sessions_.Issue("000000000000", arn, clock_.wall + std::chrono::hours(1), KeyReach::Everywhere);
  EXPECT_EQ(authenticator.Authenticate(Signed(key))->arn, arn);
  AccessKey bare = key;
  bare.session_token.clear();
  EXPECT_EQ(authenticator.Authenticate(Signed(bare)).error().code, "UnrecognizedClientException");
  clock_.wall += std::chrono::hours(1);
  EXPECT_EQ(authenticator.Authenticate(Signed(key)).error().code, "ExpiredTokenException");
  const SessionKeys others(std::string(32, 'o'), random_);
  Authenticator elsewhere({.mode = AuthMode::Strict}, *keys, others, clock_);
  EXPECT_EQ(elsewhere.Authenticate(Signed(key)).error().code, "UnrecognizedClientException");
}

TEST_F(Authentication, InsideAFunctionOnlyItsOwnSessionCounts) {
  const auto keys = OpenKeys(AuthMode::Open);
  const AccessKey durable = *keys->Add("123456789012", "ada");
  Authenticator authenticator({.mode = AuthMode::Open}, *keys, sessions_, clock_);
  const WallTime later = clock_.wall + std::chrono::hours(1);
  const AccessKey own = sessions_.Issue("111111111111", "arn:aws:sts::111111111111:assumed-role/r/f", later, KeyReach::OwnEnvironment);
  const AccessKey other = sessions_.Issue("222222222222", "arn:aws:sts::222222222222:assumed-role/r/g", later, KeyReach::OwnEnvironment);
  EXPECT_EQ(authenticator.AuthenticateSession(Signed(own, "{}"), own.access_key_id)->account_id, "111111111111");
  http::Request bare;
  bare.target = "/";
  EXPECT_EQ(authenticator.AuthenticateSession(bare, own.access_key_id).error().code, "MissingAuthenticationTokenException");
  AccessKey test{.access_key_id = "222222222222", .secret_access_key = "test"};
  AccessKey forged = own;
  forged.secret_access_key = "guess";
  AccessKey mixed = own;
  mixed.session_token = other.session_token;
  for (const AccessKey& refused : {test, durable, other, mixed}) {
    EXPECT_EQ(authenticator.AuthenticateSession(Signed(refused), own.access_key_id).error().code, "UnrecognizedClientException");
  }
  EXPECT_EQ(authenticator.AuthenticateSession(Signed(forged), own.access_key_id).error().code, "InvalidSignatureException");
  EXPECT_EQ(authenticator.AuthenticateSession(Signed(durable), durable.access_key_id).error().code, "UnrecognizedClientException");
}

TEST_F(Authentication, ASessionOfAFunctionDoesNotCountOutsideOfIt) {
  const auto keys = OpenKeys(AuthMode::Strict);
  Authenticator authenticator({.mode = AuthMode::Strict}, *keys, sessions_, clock_);
  const AccessKey inside = sessions_.Issue("000000000000", "arn:aws:iam::000000000000:root", clock_.wall + std::chrono::hours(1), KeyReach::OwnEnvironment);
  EXPECT_EQ(authenticator.Authenticate(Signed(inside)).error().code, "UnrecognizedClientException");
  EXPECT_TRUE(authenticator.AuthenticateSession(Signed(inside), inside.access_key_id));
}

TEST_F(Authentication, OnlyTheRootOfTheDefaultAccountSeesAll) {
  const auto keys = OpenKeys(AuthMode::Strict);
  Authenticator strict({.mode = AuthMode::Strict}, *keys, sessions_, clock_);
  Authenticator open({.mode = AuthMode::Open}, *keys, sessions_, clock_);
  EXPECT_TRUE(strict.IsOperator({.account_id = "000000000000", .arn = "arn:aws:iam::000000000000:root"}));
  for (const char* arn : {"arn:aws:iam::111111111111:root", "arn:aws:iam::000000000000:user/root", "arn:aws:sts::000000000000:assumed-role/r/f", ""}) {
    EXPECT_FALSE(strict.IsOperator({.account_id = "000000000000", .arn = arn})) << arn;
    EXPECT_TRUE(open.IsOperator({.account_id = "000000000000", .arn = arn}));
  }
}

TEST_F(Authentication, TheScopeNamesTheServiceThatIsCalled) {
  const auto keys = OpenKeys(AuthMode::Strict);
  Authenticator authenticator({.mode = AuthMode::Strict}, *keys, sessions_, clock_);
  const http::Request request = Signed(keys->List()[0], "{}");
  EXPECT_TRUE(authenticator.Authenticate(request, {.signing_names = "events lambda"}));
  const auto refused = authenticator.Authenticate(request, {.signing_names = "sqs"});
  EXPECT_EQ(refused.error().code, "InvalidSignatureException");
  EXPECT_EQ(refused.error().message, "Credential should be scoped to correct service: 'sqs'. ");
}

TEST_F(Authentication, FieldsThatDoSomethingAreSigned) {
  const auto keys = OpenKeys(AuthMode::Strict);
  Authenticator authenticator({.mode = AuthMode::Strict}, *keys, sessions_, clock_);
  for (const char* field : {"X-Amz-Invocation-Type", "x-amz-target", "X-AMZ-CLIENT-CONTEXT", "X-Amz-Log-Type", "x-amz-decoded-content-length"}) {
    http::Request request = Signed(keys->List()[0], "{}");
    request.headers.Add(field, "x");
    const auto refused = authenticator.Authenticate(request);
    EXPECT_EQ(refused.error().code, "InvalidSignatureException") << field;
    EXPECT_EQ(refused.error().message, "'" + std::string(field) + "' must be a 'SignedHeader' in the AWS Authorization.");
  }
  http::Request request = Signed(keys->List()[0], "{}");
  request.headers.Add("X-Amzn-Trace-Id", "Root=1");
  request.headers.Add("x-amz-user-agent", "aws-sdk-js");
  EXPECT_TRUE(authenticator.Authenticate(request)) << "what says nothing to an operation";
}

TEST_F(Authentication, BodiesAreLeftOutOfASignatureOnlyWhereThatIsTaken) {
  const auto keys = OpenKeys(AuthMode::Strict);
  Authenticator authenticator({.mode = AuthMode::Strict}, *keys, sessions_, clock_);
  const AccessKey key = keys->List()[0];
  for (const char* literal : {"UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}) {
    for (const char* service : {"lambda", "s3"}) {
      http::Request request;
      request.method = "POST";
      request.target = "/2015-03-31/functions/f/invocations";
      request.headers.Add("Host", "h");
      request.headers.Add("X-Amz-Content-Sha256", literal);
      request.body = "{}";
      Sign(request, {key.access_key_id, key.secret_access_key, ""}, "us-east-1", service, clock_.wall, "h");
      const bool is_s3 = std::string_view(service) == "s3";
      EXPECT_EQ(authenticator.Authenticate(request).has_value(), is_s3) << literal;
      EXPECT_TRUE(authenticator.Authenticate(request, {.unsigned_bodies = UnsignedBodies::Taken})) << literal;
    }
  }
}

TEST_F(Authentication, CredentialsInAQueryWithoutASignatureChooseNoAccount) {
  const auto keys = OpenKeys(AuthMode::Open);
  Authenticator authenticator({.mode = AuthMode::Open}, *keys, sessions_, clock_);
  const auto account_of = [&](std::string target) {
    http::Request request;
    request.target = std::move(target);
    return authenticator.Authenticate(request)->account_id;
  };
  const std::string credential = "X-Amz-Credential=123456789012%2F20260101%2Fus-west-2%2Fsqs%2Faws4_request";
  for (const std::string& query : {credential, credential + "&X-Amz-Signature=00", "X-Amz-Algorithm=AWS4-HMAC-SHA256&" + credential + "&X-Amz-Date=20260101T000000Z",
                                   std::string("AWSAccessKeyId=123456789012")}) {
    EXPECT_EQ(account_of("/?" + query), "000000000000") << query;
  }
  EXPECT_EQ(account_of("/?X-Amz-Algorithm=AWS4-HMAC-SHA256&" + credential + "&X-Amz-Date=20260101T000000Z&X-Amz-SignedHeaders=host&X-Amz-Signature=00"), "123456789012");
}

TEST_F(Authentication, TheKeyOfSessionsIsKept) {
  const std::string path = folder_ + "/session-key";
  const AccessKey key = (*SessionKeys::Load(path, random_))->Issue("000000000000", "arn:aws:sts::000000000000:assumed-role/r/f", clock_.wall, KeyReach::OwnEnvironment);
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  const auto opened = (*SessionKeys::Load(path, random_))->Open(key.access_key_id, key.session_token);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->secret_access_key, key.secret_access_key);
  EXPECT_EQ(opened->expires_at, clock_.wall);
  EXPECT_EQ(opened->reach, KeyReach::OwnEnvironment);
  ASSERT_TRUE(WriteFileDurably(path, "short\n", 0600));
  EXPECT_FALSE(SessionKeys::Load(path, random_));
}

TEST_F(Authentication, OpenTakesTheAccountFromTheKey) {
  const auto keys = OpenKeys(AuthMode::Open);
  Authenticator authenticator({.mode = AuthMode::Open, .default_region = "eu-north-1"}, *keys, sessions_, clock_);
  const auto as = [&](std::string_view credential) {
    http::Request request;
    request.target = "/";
    if (!credential.empty()) request.headers.Add("Authorization", "AWS4-HMAC-SHA256 Credential=" + std::string(credential) + ", SignedHeaders=host, Signature=x");
    return authenticator.Authenticate(request);
  };
  EXPECT_EQ(as("")->account_id, "000000000000");
  EXPECT_EQ(as("")->region, "eu-north-1");
  EXPECT_EQ(as("test/20260101/us-west-2/lambda/aws4_request")->account_id, "000000000000");
  EXPECT_EQ(as("test/20260101/us-west-2/lambda/aws4_request")->region, "us-west-2");
  EXPECT_EQ(as("123456789012/20260101/us-west-2/lambda/aws4_request")->account_id, "123456789012");
  EXPECT_EQ(as("123456789012/20260101/us-west-2/lambda/aws4_request")->arn, "arn:aws:iam::123456789012:root");
  EXPECT_EQ(as("test/20260101/..:x/lambda/aws4_request").error().code, "InvalidSignatureException");
}

TEST_F(Authentication, S3BodiesMustMatchTheirHash) {
  const auto keys = OpenKeys(AuthMode::Strict);
  Authenticator authenticator({.mode = AuthMode::Strict}, *keys, sessions_, clock_);
  const AccessKey key = keys->List()[0];
  http::Request request;
  request.method = "PUT";
  request.target = "/b/k";
  request.headers.Add("Host", "h");
  request.body = "data";
  Sign(request, {key.access_key_id, key.secret_access_key, ""}, "us-east-1", "s3", clock_.wall, "h");
  EXPECT_TRUE(authenticator.Authenticate(request));
  request.body = "date";
  EXPECT_EQ(authenticator.Authenticate(request).error().code, "XAmzContentSHA256Mismatch");
}

// "AWS4-HMAC-SHA256-PAYLOAD" of S3's documentation: one chunk's signature, after the one before.
std::string ChunkSignature(const Claim& claim, std::string_view secret, std::string_view previous, std::string_view data) {
  const std::string text = "AWS4-HMAC-SHA256-PAYLOAD\n" + FormatAmzDate(claim.signed_at) + "\n" + claim.scope() + "\n" + std::string(previous) + "\n" +
                           Sha256Hex("") + "\n" + Sha256Hex(data);
  const Sha256Digest key = DeriveSigningKey(secret, claim.date, claim.region, claim.service);
  return HexEncode(AsView(HmacSha256(AsView(key), text)));
}

std::string ReadOpened(http::Request& request) {
  SimLoop loop;
  Context ctx(loop);
  const auto read = loop.Run(request.ReadAll(ctx, 1 << 20));
  return read ? request.body : read.error().code;
}

TEST_F(Authentication, SignedChunksAreOpenedForWhoeverSignedThem) {
  const auto keys = OpenKeys(AuthMode::Strict);
  Authenticator authenticator({.mode = AuthMode::Strict}, *keys, sessions_, clock_);
  const AccessKey session = sessions_.Issue("000000000000", "arn:aws:sts::000000000000:assumed-role/r/f", clock_.wall + std::chrono::hours(1), KeyReach::Everywhere);
  for (const AccessKey& key : {keys->List()[0], session}) {
    http::Request request;
    request.method = "PUT";
    request.target = "/b/k";
    request.headers.Add("Host", "h");
    request.headers.Add("Content-Encoding", "aws-chunked");
    request.headers.Add("X-Amz-Decoded-Content-Length", "5");
    request.headers.Add("X-Amz-Content-Sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
    Sign(request, {key.access_key_id, key.secret_access_key, key.session_token}, "us-east-1", "s3", clock_.wall, "h");
    const Claim claim = **ParseClaim(request);
    const std::string first = ChunkSignature(claim, key.secret_access_key, claim.signature, "hello");
    const std::string last = ChunkSignature(claim, key.secret_access_key, first, "");
    const std::string framed = "5;chunk-signature=" + first + "\r\nhello\r\n0;chunk-signature=" + last + "\r\n\r\n";
    ASSERT_TRUE(authenticator.Authenticate(request));
    request.body = framed;
    ASSERT_TRUE(authenticator.OpenBody(request, AuthMode::Strict, UnsignedBodies::Refused));
    EXPECT_EQ(request.headers.Get("Content-Length"), "5");
    EXPECT_EQ(request.headers.Find("Content-Encoding"), nullptr);
    EXPECT_EQ(ReadOpened(request), "hello");
    request.body = framed;
    request.body[framed.find("hello")] = 'j';
    ASSERT_TRUE(authenticator.OpenBody(request, AuthMode::Strict, UnsignedBodies::Refused));
    EXPECT_EQ(ReadOpened(request), "SignatureDoesNotMatch");
  }
}

TEST_F(Authentication, WhatIsNoStreamingModeIsToldSo) {
  const auto keys = OpenKeys(AuthMode::Open);
  Authenticator authenticator({.mode = AuthMode::Open}, *keys, sessions_, clock_);
  http::Request request;
  request.headers.Add("X-Amz-Content-Sha256", "STREAMING-NONSENSE");
  EXPECT_EQ(authenticator.OpenBody(request, AuthMode::Open, UnsignedBodies::Refused).error().code, "InvalidArgument");
  request.headers.Set("X-Amz-Content-Sha256", "anything");
  request.body = "as it is";
  EXPECT_TRUE(authenticator.OpenBody(request, AuthMode::Open, UnsignedBodies::Refused));
  EXPECT_EQ(request.body, "as it is");
}

}  // namespace
}  // namespace mayfly::identity
