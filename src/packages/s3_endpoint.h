// S3Endpoint: packages from whatever speaks S3's protocol (AWS, MinIO, Ceph, Garage …).
//
// One per daemon, on its strand. Objects are asked for as ENDPOINT/BUCKET/KEY (path style), signed with SigV4 when there are
// access keys, anonymously otherwise. Redirects are not followed: the signature would go to a stranger.
//
// Limits: kSourceBytesMax per object; one minute per object, connecting included.
#pragma once

#include <optional>
#include <string>

#include "packages/code_source.h"
#include "identity/sigv4.h"
#include "net/http_client.h"

namespace mayfly::packages {

struct S3EndpointOptions {
  std::string url;     // http://host:port or https://host:port, nothing after it
  std::string region;  // for signatures; "" = the caller's
  std::optional<identity::SigningIdentity> keys;
  Duration timeout = std::chrono::minutes(1);
};

// Error (Fault, with a hint): no URL of the form http(s)://host[:port].
Result<> CheckS3EndpointUrl(const std::string& url);

// What an S3 service answers when it does not give an object: an XML document with Code and Message, as far as it can be
// found. Never fails: what cannot be read is "".
struct S3Refusal {
  std::string code;
  std::string message;
};
S3Refusal ParseS3Refusal(std::string_view body);

class S3Endpoint final : public CodeSource {
 public:
  // `options.url` has been checked.
  S3Endpoint(RealLoop& loop, S3EndpointOptions options);
  Task<Result<FetchedCode>> Fetch(Context& ctx, CodeLocation location) override;

 private:
  http::ClientRequest MakeRequest(const Context& ctx, const CodeLocation& location) const;

  S3EndpointOptions options_;
  http::Client client_;
};

}  // namespace mayfly::packages
