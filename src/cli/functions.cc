#include "cli/functions.h"

#include <fmt/format.h>

#include "base/encoding.h"

namespace mayfly::cli {
namespace {

constexpr size_t kPagesMax = 10'000;

}  // namespace

std::string FunctionTarget(std::string_view name, std::string_view version, std::string_view below, std::string_view query) {
  std::string target = fmt::format("/{}/functions/{}", version, PercentEncode(name));
  if (!below.empty()) target += fmt::format("/{}", below);
  if (!query.empty()) target += fmt::format("?{}", query);
  return target;
}

Task<Result<json::Array>> FetchPages(Context& ctx, Session& session, std::string target, std::string member) {
  json::Array all;
  std::string marker;
  for (size_t page = 0; page < kPagesMax; ++page) {
    const std::string more = marker.empty() ? std::string() : fmt::format("{}Marker={}", target.find('?') == std::string::npos ? "?" : "&", PercentEncode(marker));
    MF_CO_TRY(json::Value answer, co_await session.Fetch(ctx, target + more));
    if (json::Value* list = answer.Find(member); list && list->is_array()) {
      for (json::Value& entry : list->array()) all.push_back(std::move(entry));
    }
    marker = answer.StringOr("NextMarker", "");
    if (marker.empty()) co_return all;
  }
  co_return Fail(Error::Fault("the list does not end"));
}

std::string RuntimeOf(const json::Value& configuration) {
  return std::string(configuration.StringOr("PackageType", "Zip") == "Image" ? "image" : configuration.StringOr("Runtime", "?"));
}

std::string ShortTime(std::string_view time) {
  std::string text(time.substr(0, sizeof "2026-11-30T10:15" - 1));
  if (const size_t t = text.find('T'); t != std::string::npos) text[t] = ' ';
  return text;
}

}  // namespace mayfly::cli
