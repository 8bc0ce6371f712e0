// Registry: the client's half of the OCI distribution protocol: manifests and blobs by tag and digest, bearer tokens, redirects.
//
// One per daemon, on its strand; files are written on `files`. Why it is ours: docs/adr/0005-own-registry-client.md.
// A layer whose transfer breaks off, or stalls, is gone on with where it stopped if the registry knows ranges, else begun anew.
//
// Limits: kManifestBytesMax and kConfigBytesMax; one minute for a document, two hours for a layer; five redirects; five attempts in a
// row that bring less than a MiB.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/blocking_pool.h"
#include "base/fd.h"
#include "images/local_images.h"
#include "images/registry_rules.h"
#include "net/http_client.h"

namespace mayfly::images {

struct TransferPatience {
  Duration stall = std::chrono::seconds(60);          // without a byte
  Duration first_pause = std::chrono::milliseconds(500);  // before the next attempt; doubles
};

class Registry {
 public:
  Registry(RealLoop& loop, BlockingPool& files, RegistryCredentials credentials, TransferPatience patience = {});

  // What `place` holds under a tag or digest, for linux/amd64. Errors: kMissing, kAccessDenied, kInvalid, kUnsupported; Fault (no
  // connection, the registry fails).
  Task<Result<SourceImage>> Open(Context& ctx, RegistryPlace place, std::string tag_or_digest);
  using OnBytes = std::function<void(int64_t)>;
  // A layer as a file without a name in `folder`, at its start. Size and digest have been checked. Errors as Open. `on_bytes` is told
  // how many have come so far.
  Task<Result<UniqueFd>> Download(Context& ctx, RegistryPlace place, Descriptor layer, std::string folder, OnBytes on_bytes);

 private:
  struct Download_;
  // GET, streamed; asks for a token when the registry wants one, and follows redirects. `from`: the first byte that is wanted; what comes
  // from there has status 206.
  Task<Result<http::ClientResponse>> Get(Context& ctx, const RegistryPlace& place, std::string path, int64_t from);
  Task<Result<http::ClientResponse>> GetOnce(Context& ctx, std::string url, std::string authorization, int64_t from);
  // One attempt at what is still missing. What has come is written also when it fails. Errors: retryable ones where another may help.
  Task<Result<>> Receive(Context& ctx, const RegistryPlace& place, const Descriptor& layer, std::shared_ptr<Download_> download, const OnBytes& on_bytes);
  Task<Result<std::string>> Authorize(Context& ctx, const RegistryPlace& place, Challenge challenge);
  Task<Result<std::string>> ReadBlob(Context& ctx, const RegistryPlace& place, std::string kind, std::string reference, size_t bytes_max);
  std::string BasicAuthorization(const RegistryPlace& place) const;

  RealLoop* loop_;
  BlockingPool* files_;
  RegistryCredentials credentials_;
  TransferPatience patience_;
  http::Client client_;
  std::map<std::string, std::string> authorizations_;  // by origin and repository; bounded, forgotten when refused
};

}  // namespace mayfly::images
