#include "runtime/metadata_api.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "base/json.h"

namespace mayfly::runtime {
namespace {

constexpr std::string_view kMetadataPrefix = "/2026-01-15/metadata/";
constexpr std::string_view kBearer = "Bearer ";

// "southeast" is "se"; "gov" is "g".
std::string Abbreviate(std::string_view word) {
  for (const std::string_view first : {"north", "south"}) {
    if (!word.starts_with(first)) continue;
    const std::string_view second = word.substr(first.size());
    return std::string(1, first[0]) + (second.empty() ? "" : std::string(1, second[0]));
  }
  return word.empty() ? std::string() : std::string(1, word[0]);
}

bool HasToken(const http::Request& request, std::string_view token) {
  const std::string_view given = request.headers.Get("Authorization");
  return !token.empty() && given.starts_with(kBearer) && EqualConstantTime(given.substr(kBearer.size()), token);
}

}  // namespace

bool IsMetadataPath(std::string_view path) { return path.starts_with(kMetadataPrefix); }

std::string AvailabilityZoneId(std::string_view region) {
  std::string id(region.substr(0, region.find('-')));
  size_t at = id.size();
  while (at < region.size()) {
    const size_t end = region.find('-', at + 1);
    const std::string_view word = region.substr(at + 1, end == std::string_view::npos ? end : end - at - 1);
    id += end == std::string_view::npos ? std::string(word) : Abbreviate(word);  // the last one is a number
    at = end == std::string_view::npos ? region.size() : end;
  }
  return id + "-az1";
}

http::Response AnswerMetadata(const http::Request& request, std::string_view token, std::string_view region) {
  if (request.path().substr(kMetadataPrefix.size()) != "execution-environment") return http::Response::Text(404, "");
  if (request.method != "GET") return http::Response::Text(405, "");
  if (!HasToken(request, token)) return http::Response::Text(401, "");
  http::Response response = http::Response::Json(200, fmt::format(R"({{"AvailabilityZoneID":{}}})", json::Quote(AvailabilityZoneId(region))));
  response.headers.Add("Cache-Control", "private, max-age=43200, immutable");
  return response;
}

}  // namespace mayfly::runtime
