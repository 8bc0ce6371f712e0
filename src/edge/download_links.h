// DownloadLinks: URLs that give one package to whoever holds them, for ten minutes: GetFunction's Code.Location, and
// GetLayerVersion's Content.Location.
//
// One per daemon, on its strand. Signed as S3 signs its links, with a key of our own that lives as long as the daemon: links
// end with it. A link covers its account and package and nothing else.
#pragma once

#include <string>
#include <unordered_map>

#include "base/loop.h"
#include "base/random.h"
#include "base/strand.h"
#include "catalog/function.h"
#include "catalog/layer.h"
#include "identity/sigv4.h"

namespace mayfly::edge {

inline constexpr Duration kDownloadLinkValid = std::chrono::minutes(10);

class DownloadLinks {
 public:
  // `origin`: http://HOST:PORT of this daemon.
  DownloadLinks(Loop& loop, Random& random, std::string origin);
  std::string UrlOf(const catalog::Function& function);
  std::string UrlOf(const catalog::LayerVersion& version);
  // For requests to /_mayfly/code/…: whether the signature is ours, for this path, and has not expired.
  bool IsAllowed(const http::Request& request);

 private:
  struct Package {
    const std::string& account_id;
    const std::string& region;
    const std::string& sha256;
  };
  std::string LinkTo(const Package& package);

  // Links made within one second are the same, and signing one is a good part of what a GetFunction costs.
  static constexpr size_t kLinksMax = 1024;
  std::chrono::sys_seconds signed_at_{};
  std::unordered_map<std::string, std::string> links_;  // of signed_at_, by region and path

  Strand strand_;
  Loop* loop_;
  std::string origin_;
  identity::SigningIdentity key_;
  identity::SignatureVerifier verifier_;
};

}  // namespace mayfly::edge
