// Registry: the client's half of the OCI distribution protocol: manifests and blobs by tag and digest, bearer tokens, redirects.
//
// One per daemon, on its strand; files are written on `files`. Why it is ours: docs/adr/0005-own-registry-client.md.
// Limits: kManifestBytesMax and kConfigBytesMax; one minute for a document, two hours for a layer; five redirects.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/blocking_pool.h"
#include "base/fd.h"
#include "images/local_images.h"
#include "images/registry_rules.h"
#include "net/http_client.h"

namespace mayfly::images {

class Registry {
 public:
  Registry(RealLoop& loop, BlockingPool& files, RegistryCredentials credentials);

  // What `place` holds under a tag or digest, for linux/amd64. Errors: kMissing, kAccessDenied, kInvalid, kUnsupported; Fault (no
  // connection, the registry fails).
  Task<Result<SourceImage>> Open(Context& ctx, RegistryPlace place, std::string tag_or_digest);
  // A layer as a file without a name in `folder`, at its start. Size and digest have been checked. Errors as Open.
  Task<Result<UniqueFd>> Download(Context& ctx, RegistryPlace place, Descriptor layer, std::string folder);

 private:
  using Mode = http::Client::Mode;
  struct Download_;
  // GET; asks for a token when the registry wants one, and follows redirects.
  Task<Result<http::ClientResponse>> Get(Context& ctx, const RegistryPlace& place, std::string path, Mode mode);
  Task<Result<http::ClientResponse>> GetOnce(Context& ctx, std::string url, std::string authorization, Mode mode);
  Task<Result<std::string>> Authorize(Context& ctx, const RegistryPlace& place, Challenge challenge);
  Task<Result<std::string>> ReadBlob(Context& ctx, const RegistryPlace& place, std::string kind, std::string reference, size_t bytes_max);
  std::string BasicAuthorization(const RegistryPlace& place) const;

  RealLoop* loop_;
  BlockingPool* files_;
  RegistryCredentials credentials_;
  http::Client client_;
  std::map<std::string, std::string> authorizations_;  // by origin and repository; bounded, forgotten when refused
};

}  // namespace mayfly::images
