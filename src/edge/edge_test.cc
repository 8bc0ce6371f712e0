// If these fail, a request reaches its service unchecked, whole where it should stream, or not at all.
#include "edge/edge.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "wire/fake_depot.h"

namespace mayfly::edge {
namespace {

using wire::CountedSource;
using wire::CountingSink;

constexpr uint64_t kGibibyte = 1 << 30;

// What an aws-chunked body of `chunks` chunks looks like, made as it is read.
class ChunkedSource final : public http::BodyReader {
 public:
  ChunkedSource(uint64_t chunks, uint64_t& given) : left_(chunks), given_(&given) {}
  Task<Result<std::string>> Read(Context&) override {
    if (ended_) co_return std::string();
    if (left_-- == 0) {
      ended_ = true;
      co_return std::string("0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n");
    }
    *given_ += CountedSource::kPieceBytes;
    co_return "10000\r\n" + std::string(CountedSource::kPieceBytes, 'x') + "\r\n";
  }
  const http::Headers& trailers() const override { return trailers_; }

 private:
  uint64_t left_;
  uint64_t* given_;
  bool ended_ = false;
  http::Headers trailers_;
};

class EdgeTest : public ::testing::TestWithParam<identity::AuthMode> {
 protected:
  EdgeTest() {
    char name[] = "/tmp/mayfly_edge_XXXXXX";
    folder_ = ::mkdtemp(name);
    keys_ = *identity::AccessKeys::Open(folder_ + "/access-keys.json", GetParam(), "000000000000", random_);
    if (!strict()) MF_ASSERT(keys_->Add("000000000000", ""));
    authenticator_.emplace(identity::AuthenticatorOptions{.mode = GetParam()}, *keys_, sessions_, loop_);
    directory_.Register(endpoint_);
    edge_.emplace(loop_, *authenticator_, directory_, urls_, admin_, hosts_, random_, pool_, Reception{.calls = &calls_});
  }
  ~EdgeTest() override { std::filesystem::remove_all(folder_); }

  bool strict() const { return GetParam() == identity::AuthMode::Strict; }
  // Signed; the signature covers what `content_sha256` says of the body, or an empty one.
  using Fields = std::initializer_list<std::pair<std::string_view, std::string_view>>;
  http::Request Signed(std::string method, std::string target, std::string_view content_sha256 = {}, Fields fields = {}) {
    http::Request request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.headers.Add("Host", "localhost");
    if (!content_sha256.empty()) request.headers.Add("X-Amz-Content-Sha256", content_sha256);
    for (const auto& [name, value] : fields) request.headers.Add(name, value);
    const identity::AccessKey key = keys_->List().at(0);
    identity::Sign(request, {key.access_key_id, key.secret_access_key, ""}, "us-east-1", "depot", loop_.WallNow(), "localhost");
    return request;
  }
  http::Response Ask(http::Request& request) {
    Context ctx(loop_);
    return loop_.Run(edge_->Handle(ctx, request));
  }
  uint64_t Drain(http::Response& response, CountingSink& sink) {
    Context ctx(loop_);
    EXPECT_TRUE(loop_.Run(response.stream(ctx, sink)));
    return sink.taken;
  }

  SimLoop loop_;
  SeededRandom random_{1};
  std::string folder_;
  std::unique_ptr<identity::AccessKeys> keys_;
  identity::SessionKeys sessions_{std::string(32, 'k'), random_};
  std::optional<identity::Authenticator> authenticator_;
  BlockingPool pool_{"hash", 1};
  wire::FakeDepot depot_;
  wire::Endpoint endpoint_{depot::kService, &depot_};
  wire::Directory directory_{random_};
  FunctionUrls urls_{FunctionUrlParts{.loop = &loop_}};
  Admin admin_{AdminParts{.loop = &loop_}};
  AllowedHosts hosts_{loop_, {.listen_host = "127.0.0.1", .url_domain = "localhost", .allowed = {}}, [] { return std::vector<std::string>(); }};
  identity::Calls calls_;
  std::optional<Edge> edge_;
  uint64_t given_ = 0;
};

INSTANTIATE_TEST_SUITE_P(, EdgeTest, ::testing::Values(identity::AuthMode::Open, identity::AuthMode::Strict),
                         [](const auto& mode) { return mode.param == identity::AuthMode::Open ? "Open" : "Strict"; });

TEST_P(EdgeTest, AGibibyteStreamsThroughWithBoundedMemory) {
  auto request = Signed("POST", "/parcels/box", "UNSIGNED-PAYLOAD");
  request.body_reader = std::make_unique<CountedSource>(kGibibyte, given_);
  auto response = Ask(request);
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(given_, 0u) << "nothing is read before somebody wants it";
  CountingSink sink(given_);
  EXPECT_EQ(Drain(response, sink), kGibibyte);
  EXPECT_LE(sink.ahead_max, CountedSource::kPieceBytes);
}

TEST_P(EdgeTest, AwsChunkedFramingComesOffWhileTheBodyStreams) {
  auto request = Signed("POST", "/parcels/box", "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
                        {{"Content-Encoding", "aws-chunked,gzip"}, {"X-Amz-Decoded-Content-Length", std::to_string(kGibibyte)}, {"X-Amz-Trailer", "x-amz-checksum-crc32"}});
  request.body_reader = std::make_unique<ChunkedSource>(kGibibyte / CountedSource::kPieceBytes, given_);
  auto response = Ask(request);
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(request.headers.Get("Content-Length"), std::to_string(kGibibyte));
  EXPECT_EQ(request.headers.Get("Content-Encoding"), "gzip");
  CountingSink sink(given_);
  EXPECT_EQ(Drain(response, sink), kGibibyte);
  EXPECT_LE(sink.ahead_max, CountedSource::kPieceBytes);
}

TEST_P(EdgeTest, TrailersReachTheHandler) {
  auto request = Signed("PUT", "/parcels/box", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", {{"X-Amz-Trailer", "x-amz-checksum-crc32"}});
  request.body = "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n";
  EXPECT_EQ(Ask(request).body, R"({"Bytes":5,"Checksum":"NhCmhg=="})");
}

TEST_P(EdgeTest, ABodyThatIsNotTheSignedOneIsFoundWhileItIsRead) {
  for (const std::string& sha256_hex : {Sha256Hex(std::string(200'000, 'x')), Sha256Hex("another")}) {
    auto request = Signed("PUT", "/parcels/box", sha256_hex);
    request.body_reader = std::make_unique<CountedSource>(200'000, given_);
    const auto response = Ask(request);
    const bool refused = strict() && sha256_hex == Sha256Hex("another");
    EXPECT_EQ(response.status, refused ? 400 : 201);
    if (refused) EXPECT_EQ(response.headers.Get("x-amzn-ErrorType"), "XAmzContentSHA256Mismatch");
  }
}

TEST_P(EdgeTest, ChunksAreSignedWhereThatCounts) {
  auto request = Signed("PUT", "/parcels/box", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
  request.body = "5;chunk-signature=00\r\nhello\r\n0;chunk-signature=00\r\n\r\n";
  EXPECT_EQ(Ask(request).status, strict() ? 403 : 201);
}

TEST_P(EdgeTest, WhoIsNotKnownIsRefusedBeforeTheBodyIsRead) {
  http::Request request;
  request.method = "PUT";
  request.target = "/parcels/box";
  request.headers.Add("Host", "localhost");
  request.body_reader = std::make_unique<CountedSource>(10, given_);
  EXPECT_EQ(Ask(request).status, strict() ? 403 : 201);
  EXPECT_EQ(given_, strict() ? 0u : 10u);
}

TEST_P(EdgeTest, WhatFitsNoServiceIsAnsweredInItsOwnProtocol) {
  if (strict()) return;  // who asks comes first
  const auto answer = [&](std::string target, std::initializer_list<std::pair<std::string_view, std::string_view>> headers, std::string body = {}) {
    http::Request request;
    request.method = "POST";
    request.target = std::move(target);
    request.headers.Add("Host", "localhost");
    for (const auto& [name, value] : headers) request.headers.Add(name, value);
    request.body = std::move(body);
    return Ask(request);
  };
  const auto rest = answer("/2024-logs", {});
  EXPECT_EQ(rest.status, 404);
  EXPECT_EQ(rest.headers.Get("x-amzn-ErrorType"), "UnknownOperationException");
  EXPECT_EQ(rest.headers.Get("Content-Type"), "application/json");
  const auto json = answer("/", {{"X-Amz-Target", "DynamoDB_20120810.PutItem"}});
  EXPECT_EQ(json.headers.Get("Content-Type"), "application/x-amz-json-1.0");
  EXPECT_NE(json.body.find("#UnknownOperationException"), std::string::npos) << json.body;
  const auto query = answer("/", {{"Content-Type", "application/x-www-form-urlencoded"}}, "Action=AssumeRole&Version=2011-06-15");
  EXPECT_EQ(query.headers.Get("Content-Type"), "text/xml");
  EXPECT_NE(query.body.find("<Code>InvalidAction</Code>"), std::string::npos) << query.body;
  EXPECT_EQ(depot_.calls, 0);
}

TEST_P(EdgeTest, WhatIsTooLargeIsRefusedInTheServicesWords) {
  auto request = Signed("PUT", "/parcels/box/label", "UNSIGNED-PAYLOAD");
  request.headers.Add("Content-Length", "5000");
  request.body_reader = std::make_unique<CountedSource>(5000, given_);
  const auto response = Ask(request);
  EXPECT_EQ(response.status, 413);
  EXPECT_EQ(response.body, R"({"message":"Request must be smaller than 1000 bytes for the LabelParcel operation"})");
  EXPECT_EQ(given_, 0u);
}

TEST_P(EdgeTest, OpenModeAnswersToItsOwnNamesAndToPrograms) {
  const auto status_of = [&](std::string_view host, std::string_view field, std::string_view value) {
    auto request = Signed("PUT", "/parcels/box");
    request.headers.Set("Host", host);
    if (!field.empty()) request.headers.Add(field, value);
    const auto response = Ask(request);
    if (response.status == 403) EXPECT_EQ(response.headers.Get("x-amzn-ErrorType"), strict() ? "InvalidSignatureException" : "AccessDeniedException");
    return response.status;
  };
  EXPECT_EQ(status_of("localhost", "", ""), 201);
  for (const char* host : {"evil.example", "", "depot.us-east-1.evil.example"}) EXPECT_EQ(status_of(host, "", ""), 403) << host;
  EXPECT_EQ(status_of("localhost", "Origin", "https://evil.example"), strict() ? 201 : 403);
  EXPECT_EQ(status_of("localhost", "Sec-Fetch-Site", "cross-site"), strict() ? 201 : 403);
}

TEST_P(EdgeTest, AHeadThatIsTooLargeIsRefusedInItsProtocol) {
  http::Request skimmed;
  skimmed.method = "POST";
  skimmed.target = "/";
  skimmed.headers.Add("X-Amz-Target", "Of.Nobody");
  const auto response = edge_->RefuseHead(skimmed);
  EXPECT_EQ(response.status, 413);
  EXPECT_EQ(response.headers.Get("Content-Type"), "application/x-amz-json-1.0");
  EXPECT_NE(response.body.find("#RequestEntityTooLargeException"), std::string::npos) << response.body;
  EXPECT_FALSE(response.headers.Get("x-amzn-RequestId").empty());
}

TEST_P(EdgeTest, ASignatureIsForTheServiceThatIsCalled) {
  if (!strict()) return;
  const std::string other = "Credential=" + keys_->List().at(0).access_key_id + "/20260131/us-east-1/depot/aws4_request, ";
  http::Request tricky;
  tricky.method = "PUT";
  tricky.target = "/parcels/box";
  tricky.headers.Add("Host", "localhost");
  const identity::AccessKey key = keys_->List().at(0);
  identity::Sign(tricky, {key.access_key_id, key.secret_access_key, ""}, "us-east-1", "other", loop_.WallNow(), "localhost");
  std::string header(tricky.headers.Get("Authorization"));
  header.insert(header.find("Credential="), "X" + other);
  tricky.headers.Set("Authorization", header);
  const auto response = Ask(tricky);
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(response.headers.Get("x-amzn-ErrorType"), "InvalidSignatureException") << response.body;
}

}  // namespace
}  // namespace mayfly::edge
