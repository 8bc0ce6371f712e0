// Fetches a document, or a large file, by HTTP: with redirects, bounds, and another attempt where a transfer broke off.
#pragma once

#include <functional>
#include <string>

#include "base/context.h"
#include "base/result.h"
#include "net/http_client.h"

namespace mayfly::cli {

struct DownloadSource {
  std::string url;
  std::string accept;
  std::string authorization;  // goes to the url's own host and to no other
};

// At most five redirects, and none from https to http. Errors: Fault, code "Unreachable" where nobody answers; an answer that is no 2xx.
Task<Result<std::string>> FetchDocument(Context& ctx, http::Client& client, DownloadSource source, size_t bytes_max);

// `on_bytes`: how many have come, of how many (-1: not told).
using OnDownloadBytes = std::function<void(int64_t bytes, int64_t total)>;
// Into `descriptor`, from its start. Five attempts in a row that bring nothing are enough; where the server knows ranges the next one goes on
// where the last one stopped. Errors: as FetchDocument, and longer than `bytes_max`.
Task<Result<>> DownloadFile(Context& ctx, http::Client& client, DownloadSource source, int descriptor, int64_t bytes_max, OnDownloadBytes on_bytes);

}  // namespace mayfly::cli
