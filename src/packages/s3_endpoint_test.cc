// If these fail, packages in S3-compatible services cannot be deployed, signatures go to strangers, or a slow service holds
// deployments for ever.
#include "packages/s3_endpoint.h"

#include "net/server_fixture.h"

namespace mayfly::packages {
namespace {

const std::string kRefusal =
    "<?xml version=\"1.0\"?>\n<Error><Code>NoSuchKey</Code><Message>Not &lt;here&gt; &amp; not there</Message><Key>k</Key></Error>";

struct Service {
  explicit Service(http::Handler handler, S3EndpointOptions options = {}) : server(loop, {}, std::move(handler)), ctx(loop) {
    auto listener = http::ListenTcp("127.0.0.1", 0);
    MF_ASSERT(listener.has_value());
    options.url = "http://127.0.0.1:" + std::to_string(http::LocalPort(listener->get()));
    MF_ASSERT(server.Serve(std::move(*listener)).has_value());
    ctx.principal.region = "eu-west-1";
    endpoint = std::make_unique<S3Endpoint>(loop, std::move(options));
  }
  Result<FetchedCode> Fetch(CodeLocation location = {.bucket = "b", .key = "k", .version = {}}) {
    return loop.Run(endpoint->Fetch(ctx, std::move(location)));
  }
  std::string Refusal() {
    auto fetched = Fetch();
    return fetched ? "fetched: " + fetched->bytes : fetched.error().message;
  }
  RealLoop loop;
  http::Server server;
  Context ctx;
  std::unique_ptr<S3Endpoint> endpoint;
};

// Answers everything with one status, body and header.
http::Handler Always(int status, std::string body, std::string header = "X-None", std::string value = "") {
  return [=](Context&, http::Request&) -> Task<http::Response> { return [](auto status, auto body, auto header, auto value) -> Task<http::Response> {
    http::Response response = http::Response::Text(status, body, "application/xml");
    response.headers.Add(header, value);
    co_return response;
  }(status, body, header, value); };
}

Task<http::Response> Echo(Context&, http::Request& request) {
  http::Response response = http::Response::Text(200, request.target + "\n" + std::string(request.headers.Get("Authorization")));
  response.headers.Add("x-amz-version-id", "v7");
  co_return response;
}

TEST(S3Endpoint, AsksByPathAndTellsTheVersion) {
  Service service(Echo);
  auto fetched = service.Fetch({.bucket = "my.bucket", .key = "a b/ü.zip", .version = {}});
  ASSERT_TRUE(fetched) << fetched.error().ToString();
  EXPECT_EQ(fetched->bytes, "/my.bucket/a%20b/%C3%BC.zip\n");  // and no signature without keys
  EXPECT_EQ(fetched->version, "v7");
  EXPECT_EQ(service.Fetch({.bucket = "b", .key = "k", .version = "v/1"})->bytes, "/b/k?versionId=v%2F1\n");
}

TEST(S3Endpoint, SignsWithKeys) {
  const identity::SigningIdentity keys{"AKID", "secret", ""};
  Result<> verified = Fail(Error::Fault("not asked"));
  Service service(
      [&](Context& ctx, http::Request& request) -> Task<http::Response> {
        return [](Context& ctx, http::Request& request, Result<>& verified) -> Task<http::Response> {
          auto claim = identity::ParseClaim(request);
          if (!claim || !*claim) co_return http::Response::Text(403, "");
          identity::SignatureVerifier verifier(*ctx.loop);
          verified = verifier.Verify(request, **claim, "secret", Sha256Hex(""));
          co_return http::Response::Text(200, (*claim)->region + " " + (*claim)->service);
        }(ctx, request, verified);
      },
      {.url = {}, .region = {}, .keys = keys});
  auto fetched = service.Fetch({.bucket = "b", .key = "a//b c", .version = "x"});
  ASSERT_TRUE(fetched) << fetched.error().ToString();
  EXPECT_TRUE(verified) << verified.error().ToString();
  EXPECT_EQ(fetched->bytes, "eu-west-1 s3");
}

TEST(S3Endpoint, PassesRefusalsOn) {
  EXPECT_EQ(Service(Always(404, kRefusal)).Refusal(),
            "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: Not <here> & not there");
  EXPECT_EQ(Service(Always(404, "")).Refusal(), NoSuchKey().message);
  EXPECT_EQ(Service(Always(403, "<html>")).Refusal(), AccessDenied().message);
  EXPECT_EQ(Service(Always(301, "", "x-amz-bucket-region", "us-west-2")).Refusal(),
            "Error occurred while GetObject. S3 Error Code: PermanentRedirect. S3 Error Message: The bucket is in this region: us-west-2. "
            "Please use this region to retry the request");
}

TEST(S3Endpoint, DoesNotFollowRedirects) {
  int asked = 0;
  Service service([&](Context&, http::Request&) -> Task<http::Response> {
    ++asked;
    return [](int) -> Task<http::Response> {
      http::Response response = http::Response::Text(307, "");
      response.headers.Add("Location", "/elsewhere");
      co_return response;
    }(0);
  });
  EXPECT_FALSE(service.Fetch());
  EXPECT_EQ(asked, 1);
}

TEST(S3Endpoint, FaultsAreNotTheClients) {
  Service broken(Always(503, "<Error><Code>SlowDown</Code></Error>"));
  auto fetched = broken.Fetch();
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().kind, Error::Kind::Fault);
  RealLoop loop;
  Context ctx(loop);
  S3Endpoint nobody(loop, {.url = "http://127.0.0.1:1", .region = {}, .keys = {}});
  auto refused = loop.Run(nobody.Fetch(ctx, {.bucket = "b", .key = "k", .version = {}}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Error::Kind::Fault);
}

TEST(S3Endpoint, EndsWaiting) {
  Service service(
      [](Context& ctx, http::Request&) -> Task<http::Response> {
        (void)co_await Sleep(ctx, std::chrono::seconds(20));
        co_return http::Response::Text(200, "late");
      },
      {.url = {}, .region = {}, .keys = {}, .timeout = std::chrono::milliseconds(50)});
  auto fetched = service.Fetch();
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().kind, Error::Kind::Fault) << fetched.error().ToString();
}

TEST(S3Endpoint, ChecksItsUrl) {
  for (const std::string good : {"http://s3.local:9000", "https://s3.eu-west-1.amazonaws.com", "http://[::1]:1"}) EXPECT_TRUE(CheckS3EndpointUrl(good)) << good;
  for (const std::string bad : {"", "s3.local", "ftp://x", "http://", "http://x/", "http://x/path", "http://u@x", "https://x?y"}) {
    EXPECT_FALSE(CheckS3EndpointUrl(bad)) << bad;
  }
}

TEST(S3Refusal, ReadsOnlyWhatIsPlain) {
  EXPECT_EQ(ParseS3Refusal(kRefusal).code, "NoSuchKey");
  EXPECT_EQ(ParseS3Refusal("").code, "");
  EXPECT_EQ(ParseS3Refusal("<Error><Code><b>x</b></Code></Error>").code, "");
  EXPECT_EQ(ParseS3Refusal("<Error><Code>x").code, "");
  EXPECT_EQ(ParseS3Refusal("<Error><Code>a b. S3 Error</Code></Error>").code, "");
  EXPECT_EQ(ParseS3Refusal("<Error><Code>" + std::string(2000, 'x') + "</Code></Error>").code, "");
}

}  // namespace
}  // namespace mayfly::packages
