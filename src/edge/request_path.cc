#include "edge/request_path.h"

#include <vector>

#include "base/text.h"
#include "identity/sigv4.h"

namespace mayfly::edge {
namespace {

bool IsNormal(std::string_view path) {
  return path.find("//") == std::string_view::npos && path.find("/./") == std::string_view::npos && path.find("/../") == std::string_view::npos &&
         !path.ends_with("/.") && !path.ends_with("/..");
}

std::string Normalised(std::string_view path) {
  std::vector<std::string_view> kept;
  for (const std::string_view segment : Split(path, '/')) {
    if (segment.empty() || segment == ".") continue;
    if (segment != "..") kept.push_back(segment);
    else if (!kept.empty()) kept.pop_back();
  }
  std::string normal;
  for (const std::string_view segment : kept) normal.append("/").append(segment);
  if (normal.empty() || path.ends_with('/')) normal.push_back('/');
  return normal;
}

}  // namespace

void NormalisePath(http::Request& request) {
  const std::string_view path = request.path();
  if (!path.starts_with('/') || IsNormal(path) || identity::FindSigningName(request) == "s3") return;
  const size_t bytes = path.size();
  request.target.replace(0, bytes, Normalised(path));
}

}  // namespace mayfly::edge
