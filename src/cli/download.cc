#include "cli/download.h"

#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "base/event.h"
#include "base/files.h"
#include "base/text.h"
#include "images/registry_rules.h"

namespace mayfly::cli {
namespace {

constexpr int kRedirectsMax = 5;
constexpr int kAttemptsMax = 5;
constexpr int kAllAttemptsMax = 100;
constexpr Duration kStall = std::chrono::seconds(60);
constexpr Duration kFirstPause = std::chrono::milliseconds(250);
constexpr std::string_view kUnreachable = "Unreachable";

Error Unreachable(std::string message) {
  Error error = Error::Fault(std::move(message));
  error.code = kUnreachable;
  error.retryable = true;
  return error;
}

// Where a redirect leads. Error: not by http(s), or out of TLS.
Result<std::string> Follow(const std::string& from, std::string_view location) {
  std::string to(location);
  if (to.starts_with("//")) to = from.substr(0, from.find("//")) + to;
  else if (to.starts_with('/')) to = std::string(images::OriginOf(from)) + to;
  const bool secure = to.starts_with("https://");
  if (!secure && !to.starts_with("http://")) return Fail(Error::Fault(fmt::format("{} leads to something that is no http address", from)));
  if (!secure && from.starts_with("https://")) return Fail(Error::Fault(fmt::format("{} leads out of TLS", from)));
  return to;
}

Task<Result<http::ClientResponse>> Get(Context& ctx, http::Client& client, const DownloadSource& source, int64_t from) {
  std::string url = source.url;
  for (int redirects = 0; redirects <= kRedirectsMax; ++redirects) {
    http::ClientRequest request{.url = url};
    request.headers.Add("Accept", source.accept.empty() ? "*/*" : source.accept);
    if (!source.authorization.empty() && images::OriginOf(url) == images::OriginOf(source.url)) request.headers.Add("Authorization", source.authorization);
    if (from > 0) request.headers.Add("Range", fmt::format("bytes={}-", from));
    Context bounded = ctx.WithDeadline(ctx.loop->Now() + kStall);
    auto sent = co_await client.Send(bounded, std::move(request), http::Client::Mode::Stream);
    if (!sent) co_return Fail(Unreachable(fmt::format("{} does not answer: {}", images::OriginOf(url), sent.error().message)));
    http::ClientResponse response = std::move(*sent);
    const std::string* location = response.headers.Find("Location");
    if (response.status / 100 == 3 && location) {
      MF_CO_TRY(url, Follow(url, *location));
      continue;
    }
    if (response.status / 100 == 2) co_return response;
    Error error = Error::Fault(fmt::format("{} answered {}", url, response.status));
    error.retryable = response.status == 429 || response.status >= 500;
    co_return Fail(std::move(error));
  }
  co_return Fail(Error::Fault(fmt::format("{} leads round and round", source.url)));
}

// A part of a body; empty at its end.
Task<Result<std::string>> ReadPiece(Context& ctx, http::BodyReader& reader) {
  Context bounded = ctx.WithDeadline(ctx.loop->Now() + kStall);
  auto piece = co_await reader.Read(bounded);
  if (!piece) co_return Fail(Unreachable(fmt::format("the transfer broke off: {}", piece.error().message)));
  co_return piece;
}

struct Destination {
  int descriptor;
  int64_t bytes_max;
  int64_t bytes = 0;
  int64_t total = -1;

  Result<> Append(std::string_view piece) {
    if (bytes + static_cast<int64_t>(piece.size()) > bytes_max) return Fail(Error::Fault(fmt::format("the file has more than {} bytes", bytes_max)));
    bytes += static_cast<int64_t>(piece.size());
    return WriteAll(descriptor, piece, "a download");
  }
  Result<> BeginAnew() {
    bytes = 0;
    if (::ftruncate(descriptor, 0) != 0 || ::lseek(descriptor, 0, SEEK_SET) != 0) return Fail(Error::FromErrno("empty a download", errno));
    return {};
  }
};

bool GoesOnAt(const http::ClientResponse& response, int64_t from) {
  const std::string* range = response.headers.Find("Content-Range");
  return response.status == 206 && range && range->starts_with(fmt::format("bytes {}-", from));
}

Task<Result<>> Receive(Context& ctx, http::Client& client, const DownloadSource& source, Destination& to, const OnDownloadBytes& on_bytes) {
  MF_CO_TRY(http::ClientResponse response, co_await Get(ctx, client, source, to.bytes));
  if (to.bytes > 0 && !GoesOnAt(response, to.bytes)) MF_CO_TRY_VOID(to.BeginAnew());
  const auto length = ParseNumber<int64_t>(response.headers.Get("Content-Length"));
  if (length && *length >= 0 && *length <= to.bytes_max) to.total = to.bytes + *length;
  MF_CO_TRY_VOID(to.Append(response.body));
  while (response.body_reader) {
    MF_CO_TRY(const std::string piece, co_await ReadPiece(ctx, *response.body_reader));
    if (piece.empty()) break;
    MF_CO_TRY_VOID(to.Append(piece));
    on_bytes(to.bytes, to.total);
  }
  if (to.total >= 0 && to.bytes != to.total) co_return Fail(Unreachable(fmt::format("the transfer ended after {} of {} bytes", to.bytes, to.total)));
  co_return Result<>();
}

}  // namespace

Task<Result<std::string>> FetchDocument(Context& ctx, http::Client& client, DownloadSource source, size_t bytes_max) {
  MF_CO_TRY(http::ClientResponse response, co_await Get(ctx, client, source, 0));
  std::string body = std::move(response.body);
  while (response.body_reader) {
    MF_CO_TRY(const std::string piece, co_await ReadPiece(ctx, *response.body_reader));
    if (piece.empty()) break;
    body += piece;
    if (body.size() > bytes_max) co_return Fail(Error::Fault(fmt::format("{} answers with more than {} bytes", source.url, bytes_max)));
  }
  co_return body;
}

Task<Result<>> DownloadFile(Context& ctx, http::Client& client, DownloadSource source, int descriptor, int64_t bytes_max, OnDownloadBytes on_bytes) {
  Destination to{.descriptor = descriptor, .bytes_max = bytes_max};
  MF_CO_TRY_VOID(to.BeginAnew());
  Event never(*ctx.loop);
  Duration pause = kFirstPause;
  for (int attempt = 1, all = 1;; ++attempt, ++all) {
    const int64_t before = to.bytes;
    auto received = co_await Receive(ctx, client, source, to, on_bytes);
    if (received) co_return received;
    if (to.bytes > before) {
      attempt = 1;
      pause = kFirstPause;
    }
    if (!received.error().retryable || attempt >= kAttemptsMax || all >= kAllAttemptsMax) co_return received;
    co_await never.WaitUntil(ctx.loop->Now() + pause);
    pause *= 2;
  }
}

}  // namespace mayfly::cli
