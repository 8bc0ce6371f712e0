#include "packages/s3_endpoint.h"

#include <cctype>

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/log.h"
#include "base/text.h"

namespace mayfly::packages {
namespace {

constexpr size_t kRefusalTextMax = 1024;  // of a code or message that goes into our own answer

std::string_view HostOf(const std::string& url) { return std::string_view(url).substr(url.find("//") + 2); }

http::ClientLimits LimitsOfClient() {
  http::ClientLimits limits;
  limits.body_bytes_max = kSourceBytesMax;
  limits.idle_connections_per_host = 2;
  return limits;
}

// The five entities that XML defines; others stay as they are. Control characters become spaces: it goes into one line.
std::string Unescape(std::string_view text) {
  static constexpr std::pair<std::string_view, char> kEntities[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
  std::string out;
  while (!text.empty()) {
    size_t taken = 1;
    char character = text[0];
    for (const auto& [entity, meaning] : kEntities) {
      if (!text.starts_with(entity)) continue;
      taken = entity.size();
      character = meaning;
    }
    out += static_cast<unsigned char>(character) < ' ' || character == '\x7f' ? ' ' : character;
    text.remove_prefix(taken);
  }
  return out;
}

// The text of the first element of that name that holds nothing but text.
std::string ElementText(std::string_view xml, std::string_view name) {
  const std::string open = fmt::format("<{}>", name), close = fmt::format("</{}>", name);
  const size_t begin = xml.find(open);
  if (begin == std::string_view::npos) return {};
  xml.remove_prefix(begin + open.size());
  const std::string_view text = xml.substr(0, std::min(xml.find('<'), kRefusalTextMax + 1));
  if (text.size() > kRefusalTextMax || !xml.substr(text.size()).starts_with(close) || !IsValidUtf8(text)) return {};
  return Unescape(text);
}

Error Refused(const http::ClientResponse& response) {
  S3Refusal refusal = ParseS3Refusal(response.body);
  if (response.status / 100 == 3) {
    const std::string_view region = response.headers.Get("x-amz-bucket-region", "null");
    return GetObjectFailed("PermanentRedirect", fmt::format("The bucket is in this region: {}. Please use this region to retry the request", region));
  }
  if (response.status >= 500) {
    return Error::Fault(fmt::format("the S3 endpoint answered {} {}", response.status, refusal.code), "look at the service behind --s3-endpoint");
  }
  if (!refusal.code.empty()) return GetObjectFailed(refusal.code, refusal.message);
  if (response.status == 403) return AccessDenied();
  if (response.status == 404) return NoSuchKey();
  return GetObjectFailed(fmt::format("{}", response.status), http::ReasonPhrase(response.status));
}

}  // namespace

Result<> CheckS3EndpointUrl(const std::string& url) {
  const bool scheme = url.starts_with("http://") || url.starts_with("https://");
  const std::string_view host = scheme ? HostOf(url) : std::string_view();
  if (host.empty() || host.find_first_of("/?#@ ") != std::string_view::npos) {
    return Fail(Error::Fault(fmt::format("--s3-endpoint {}: expected http://HOST:PORT or https://HOST:PORT", url)));
  }
  return {};
}

S3Refusal ParseS3Refusal(std::string_view body) {
  const size_t begin = body.find("<Error>");
  if (begin == std::string_view::npos) return {};
  const std::string_view error = body.substr(begin);
  S3Refusal refusal{.code = ElementText(error, "Code"), .message = ElementText(error, "Message")};
  for (const char c : refusal.code) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '-' && c != '_') return {};
  }
  return refusal;
}

S3Endpoint::S3Endpoint(RealLoop& loop, S3EndpointOptions options) : options_(std::move(options)), client_(loop, LimitsOfClient()) {}

http::ClientRequest S3Endpoint::MakeRequest(const Context& ctx, const CodeLocation& location) const {
  http::Request signing;
  signing.method = "GET";
  signing.target = fmt::format("/{}/{}", PercentEncode(location.bucket), PercentEncode(location.key, SlashHandling::Keep));
  if (!location.version.empty()) signing.target += "?versionId=" + PercentEncode(location.version);
  http::ClientRequest request{.url = options_.url + signing.target};
  if (!options_.keys) return request;
  const std::string& region = options_.region.empty() ? ctx.principal.region : options_.region;
  identity::Sign(signing, *options_.keys, region, "s3", ctx.loop->WallNow(), HostOf(options_.url));
  for (const auto& [name, value] : signing.headers.fields()) {
    if (!EqualIgnoringCase(name, "Host")) request.headers.Add(name, value);
  }
  return request;
}

Task<Result<FetchedCode>> S3Endpoint::Fetch(Context& ctx, CodeLocation location) {
  // A key whose parts are dots would be another path for whoever tidies URLs on the way.
  const std::string parts = "/" + location.key + "/";
  if (parts.find("/../") != std::string::npos || parts.find("/./") != std::string::npos) co_return Fail(NoSuchKey());
  Context bounded = ctx.WithDeadline(ctx.loop->Now() + options_.timeout);
  auto response = co_await client_.Send(bounded, MakeRequest(ctx, location));
  if (!response) {
    Error error = std::move(response).error();
    if (error.code == "BodyTooLarge") co_return Fail(SourceTooLarge());
    const bool ours = error.kind == Error::Kind::Cancelled && !ctx.stop.stop_requested() && ctx.loop->Now() < ctx.deadline;
    if (ours) error = Error::Fault(fmt::format("no whole answer within {} s", std::chrono::duration_cast<std::chrono::seconds>(options_.timeout).count()));
    if (error.hint.empty()) error.hint = "is --s3-endpoint right, and does it answer?";
    co_return Fail(std::move(error).Wrap("get s3://" + location.bucket + "/" + location.key));
  }
  if (response->status != 200) {
    Error refused = Refused(*response);
    log::Info("s3://{}/{}: {}", location.bucket, location.key, refused.ToString());
    co_return Fail(std::move(refused));
  }
  FetchedCode code{.bytes = std::move(response->body), .version = std::string(response->headers.Get("x-amz-version-id"))};
  if (code.version == "null") code.version.clear();
  co_return code;
}

}  // namespace mayfly::packages
