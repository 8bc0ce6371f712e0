#include "images/registry.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/event.h"
#include "base/files.h"
#include "base/json.h"
#include "base/log.h"
#include "base/real_loop.h"
#include "images/image_error.h"

namespace mayfly::images {
namespace {

constexpr int kRedirectsMax = 5;
constexpr size_t kAuthorizationsMax = 1000;
constexpr size_t kWriteBytes = 1 << 20;
constexpr Duration kDocumentTimeout = std::chrono::minutes(1);
constexpr Duration kLayerTimeout = std::chrono::hours(2);
constexpr int kAttemptsMax = 5;
constexpr int64_t kProgressBytes = 1 << 20;  // an attempt that brings so much was worth it
constexpr std::string_view kAccept =
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json, */*";

http::ClientLimits LimitsOfClient() {
  http::ClientLimits limits;
  limits.body_bytes_max = kImageBytesMax + 1;
  limits.idle_connections_per_host = 4;
  return limits;
}

Result<> CheckStatus(const http::ClientResponse& response, const std::string& url) {
  if (response.status == 200 || response.status == 206) return {};
  std::string what = fmt::format("{} answered {}", url, response.status);
  if (response.status == 401 || response.status == 403) return Fail(ImageError(kAccessDenied, std::move(what)));
  if (response.status == 404) return Fail(ImageError(kMissing, std::move(what)));
  Error error = Error::Fault(std::move(what));
  error.retryable = response.status == 429 || response.status >= 500;
  return Fail(std::move(error));
}

Error Unreachable(Error error) {
  if (error.kind != Error::Kind::Fault) return error;
  error.code = kUnreachable;
  error.retryable = true;
  return error;
}

// Whether an answer of status 206 begins at `from`: "bytes 100-199/200".
bool BeginsAt(const http::ClientResponse& response, int64_t from) {
  const std::string* range = response.headers.Find("Content-Range");
  return range && range->starts_with(fmt::format("bytes {}-", from));
}

}  // namespace

Registry::Registry(RealLoop& loop, BlockingPool& files, RegistryCredentials credentials, TransferPatience patience)
    : loop_(&loop), files_(&files), credentials_(std::move(credentials)), patience_(patience), client_(loop, LimitsOfClient()) {}

std::string Registry::BasicAuthorization(const RegistryPlace& place) const {
  const auto found = credentials_.find(place.origin.substr(place.origin.find("//") + 2));
  return found == credentials_.end() ? std::string() : "Basic " + Base64Encode(found->second);
}

// Follows redirects; the authorization stays at home.
Task<Result<http::ClientResponse>> Registry::GetOnce(Context& ctx, std::string url, std::string authorization, int64_t from) {
  const std::string home(OriginOf(url));
  for (int redirects = 0;; ++redirects) {
    http::ClientRequest request{.url = url};
    request.headers.Add("Accept", kAccept);
    if (!authorization.empty() && OriginOf(url) == home) request.headers.Add("Authorization", authorization);
    if (from > 0) request.headers.Add("Range", fmt::format("bytes={}-", from));
    auto sent = co_await client_.Send(ctx, std::move(request), http::Client::Mode::Stream);
    if (!sent) co_return Fail(Unreachable(std::move(sent).error()));
    http::ClientResponse response = std::move(*sent);
    const std::string* location = response.headers.Find("Location");
    if (response.status / 100 != 3 || !location) co_return response;
    if (redirects == kRedirectsMax) co_return Fail(Error::Fault("the registry leads round and round: " + url));
    MF_CO_TRY(url, ResolveLocation(url, *location));
  }
}

Task<Result<std::string>> Registry::Authorize(Context& ctx, const RegistryPlace& place, Challenge challenge) {
  std::string basic = BasicAuthorization(place);
  if (!challenge.bearer) {
    if (basic.empty()) co_return Fail(ImageError(kAccessDenied, place.origin + " wants credentials"));
    co_return basic;
  }
  if (place.origin.starts_with("https://") && !challenge.realm.starts_with("https://")) {
    co_return Fail(Invalid("the registry sends us to get a token without TLS"));
  }
  std::string url = challenge.realm + (challenge.realm.find('?') == std::string::npos ? "?" : "&");
  if (!challenge.service.empty()) url += "service=" + PercentEncode(challenge.service) + "&";
  url += "scope=" + PercentEncode(challenge.scope.empty() ? fmt::format("repository:{}:pull", place.repository) : challenge.scope);
  http::ClientRequest request{.url = url};
  if (!basic.empty()) request.headers.Add("Authorization", basic);
  auto sent = co_await client_.Send(ctx, std::move(request));
  if (!sent) co_return Fail(Unreachable(std::move(sent).error()));
  const http::ClientResponse response = std::move(*sent);
  MF_CO_TRY_VOID(CheckStatus(response, challenge.realm));
  MF_CO_TRY(const json::Value value, json::Parse(response.body));
  std::string_view token = value.StringOr("token", "");
  if (token.empty()) token = value.StringOr("access_token", "");
  for (const char c : token) {
    if (c <= ' ' || c == '\x7f') co_return Fail(Error::Fault(challenge.realm + " gave a token that is none"));
  }
  if (token.empty()) co_return Fail(ImageError(kAccessDenied, challenge.realm + " gave no token"));
  co_return fmt::format("Bearer {}", token);
}

Task<Result<http::ClientResponse>> Registry::Get(Context& ctx, const RegistryPlace& place, std::string path, int64_t from) {
  const std::string url = place.origin + path;
  const std::string key = place.origin + '/' + place.repository;
  if (authorizations_.size() > kAuthorizationsMax) authorizations_.clear();
  std::string authorization = authorizations_[key];
  for (bool asked = false;; asked = true) {
    MF_CO_TRY(http::ClientResponse response, co_await GetOnce(ctx, url, authorization, from));
    const std::string* header = response.headers.Find("WWW-Authenticate");
    const auto challenge = header && response.status == 401 && !asked ? ParseChallenge(*header) : std::nullopt;
    if (!challenge) {
      if (response.status == 401) authorizations_.erase(key);
      MF_CO_TRY_VOID(CheckStatus(response, url));
      co_return response;
    }
    response.body_reader.reset();
    MF_CO_TRY(authorization, co_await Authorize(ctx, place, *challenge));
    authorizations_[key] = authorization;
  }
}

Task<Result<std::string>> Registry::ReadBlob(Context& ctx, const RegistryPlace& place, std::string kind, std::string reference, size_t bytes_max) {
  Context bounded = ctx.WithDeadline(ctx.loop->Now() + kDocumentTimeout);
  MF_CO_TRY(http::ClientResponse response, co_await Get(bounded, place, fmt::format("/v2/{}/{}/{}", place.repository, kind, reference), 0));
  std::string body = std::move(response.body);
  while (response.body_reader) {
    MF_CO_TRY(const std::string piece, co_await response.body_reader->Read(bounded));
    if (piece.empty()) break;
    if (body.size() + piece.size() > bytes_max) co_return Fail(Invalid(fmt::format("a document of more than {} bytes", bytes_max)));
    body += piece;
  }
  co_return body;
}

Task<Result<SourceImage>> Registry::Open(Context& ctx, RegistryPlace place, std::string tag_or_digest) {
  for (int nesting = 0; nesting < 2; ++nesting) {
    MF_CO_TRY(const std::string text, co_await ReadBlob(ctx, place, "manifests", tag_or_digest, kManifestBytesMax));
    const std::string digest = "sha256:" + Sha256Hex(text);
    if (IsDigest(tag_or_digest) && digest != tag_or_digest) co_return Fail(Invalid("the manifest does not have its digest"));
    MF_CO_TRY(Document document, ParseDocument(text));
    if (!document.is_index) {
      const Descriptor config = document.manifest.config;
      MF_CO_TRY(const std::string config_text, co_await ReadBlob(ctx, place, "blobs", config.digest, kConfigBytesMax));
      MF_CO_TRY_VOID(CheckBlob(config_text, config));
      co_return MakeSourceImage(digest, std::move(document.manifest), config_text);
    }
    const IndexEntry* entry = ChooseEntry(document.entries, "");
    if (!entry) co_return Fail(ImageError(kUnsupported, "the image is not for linux/amd64"));
    tag_or_digest = entry->manifest.digest;
  }
  co_return Fail(Invalid("an index in an index"));
}

// A file that is being written, with its hash; shared with the thread that writes.
struct Registry::Download_ {
  UniqueFd file;
  std::optional<Sha256Stream> hash{std::in_place};
  int64_t bytes = 0;

  Result<> Append(std::string_view piece) {
    hash->Update(piece);
    bytes += static_cast<int64_t>(piece.size());
    return WriteAll(file.get(), piece, "a layer");
  }
  Result<> BeginAnew() {
    hash.emplace();
    bytes = 0;
    if (::ftruncate(file.get(), 0) != 0 || ::lseek(file.get(), 0, SEEK_SET) != 0) return Fail(Error::FromErrno("empty a layer", errno));
    return {};
  }
  Result<> Finish(const Descriptor& layer) {
    if (bytes != layer.bytes) return Fail(Invalid(fmt::format("a layer has {} bytes instead of {}", bytes, layer.bytes)));
    if (HexEncode(AsView(hash->Finish())) != HexOf(layer.digest)) return Fail(Invalid("a layer does not have its digest"));
    if (::lseek(file.get(), 0, SEEK_SET) != 0) return Fail(Error::FromErrno("rewind a layer", errno));
    return {};
  }
};

Task<Result<>> Registry::Receive(Context& ctx, const RegistryPlace& place, const Descriptor& layer, std::shared_ptr<Download_> download,
                                 const OnBytes& on_bytes) {
  Context stalls = ctx.WithDeadline(ctx.loop->Now() + patience_.stall);
  MF_CO_TRY(http::ClientResponse response,
            co_await Get(stalls, place, fmt::format("/v2/{}/blobs/{}", place.repository, layer.digest), download->bytes));
  if (download->bytes > 0 && !(response.status == 206 && BeginsAt(response, download->bytes))) {
    if (response.status == 206) co_return Fail(Invalid("the registry gives another part of a layer than was asked for"));
    MF_CO_TRY_VOID(co_await files_->Run(*loop_, [download] { return download->BeginAnew(); }));
  }
  std::string pending = std::move(response.body);
  Result<> read;
  for (bool ended = !response.body_reader;;) {
    if (download->bytes + static_cast<int64_t>(pending.size()) > layer.bytes) co_return Fail(Invalid("a layer is longer than its descriptor says"));
    if (ended || pending.size() >= kWriteBytes) {
      MF_CO_TRY_VOID(co_await files_->Run(*loop_, [download, bytes = std::exchange(pending, {})] { return download->Append(bytes); }));
      if (on_bytes) on_bytes(download->bytes);
    }
    if (ended) co_return read;
    stalls.deadline = std::min(ctx.deadline, ctx.loop->Now() + patience_.stall);
    auto piece = co_await response.body_reader->Read(stalls);
    ended = !piece || piece->empty();
    if (piece) pending += *piece;
    else read = Fail(Unreachable(std::move(piece).error()));
  }
}

Task<Result<UniqueFd>> Registry::Download(Context& ctx, RegistryPlace place, Descriptor layer, std::string folder, OnBytes on_bytes) {
  Context bounded = ctx.WithDeadline(ctx.loop->Now() + kLayerTimeout);
  auto download = std::make_shared<Download_>();
  download->file.Reset(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));  // vanishes with us
  if (!download->file) co_return Fail(Error::FromErrno("make a file in " + folder, errno));
  Duration pause = patience_.first_pause;
  for (int attempt = 1;; ++attempt) {
    const int64_t before = download->bytes;
    const auto received = co_await Receive(bounded, place, layer, download, on_bytes);
    if (received || download->bytes == layer.bytes) break;
    if (download->bytes - before >= kProgressBytes) {
      attempt = 1;
      pause = patience_.first_pause;
    }
    const bool stalled = received.error().kind == Error::Kind::Cancelled && !bounded.stop.stop_requested() && bounded.loop->Now() < bounded.deadline;
    if (attempt == kAttemptsMax || !(stalled || received.error().retryable)) co_return Fail(stalled ? Unreachable(Error::Fault("the registry has stopped sending")) : received.error());
    log::Info("layer {} of {}: {} after {} bytes; another attempt", layer.digest, place.repository, received.error().message, download->bytes);
    MF_CO_TRY_VOID(co_await Sleep(bounded, pause));
    pause *= 2;
  }
  MF_CO_TRY_VOID(download->Finish(layer));
  co_return std::move(download->file);
}

}  // namespace mayfly::images
