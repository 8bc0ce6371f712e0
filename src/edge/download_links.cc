#include "edge/download_links.h"

#include <fmt/format.h>

namespace mayfly::edge {

DownloadLinks::DownloadLinks(Loop& loop, Random& random, std::string origin)
    : loop_(&loop),
      origin_(std::move(origin)),
      key_{.access_key_id = "MAYFLYDOWNLOADLINKS0", .secret_access_key = random.Hex(32), .session_token = {}},
      verifier_(loop) {}

std::string DownloadLinks::UrlOf(const catalog::Function& function) {
  return LinkTo({function.name.account_id, function.name.region, function.code_sha256});
}

std::string DownloadLinks::UrlOf(const catalog::LayerVersion& version) {
  return LinkTo({version.name.layer.account_id, version.name.layer.region, version.code_sha256});
}

std::string DownloadLinks::LinkTo(const Package& package) {
  strand_.Check();
  const WallTime now = loop_->WallNow();
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  if (second != signed_at_ || links_.size() >= kLinksMax) links_.clear();
  signed_at_ = second;
  const std::string path = fmt::format("/_mayfly/code/{}/{}", package.account_id, package.sha256);
  std::string& link = links_[package.region + path];
  if (link.empty()) {
    const std::string host = origin_.substr(origin_.find("//") + 2);
    link = fmt::format("{}{}?{}", origin_, path, identity::PresignQuery("GET", host, path, key_, package.region, "s3", now, kDownloadLinkValid));
  }
  return link;
}

bool DownloadLinks::IsAllowed(const http::Request& request) {
  strand_.Check();
  auto claim = identity::ParseClaim(request);
  if (!claim || !*claim || !(*claim)->presigned || (*claim)->access_key_id != key_.access_key_id) return false;
  return verifier_.Verify(request, **claim, key_.secret_access_key, identity::kUnsignedPayload).has_value();
}

}  // namespace mayfly::edge
