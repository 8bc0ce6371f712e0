#include "identity/canonical.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/hash.h"
#include "base/text.h"

namespace mayfly::identity {
namespace {

// One side of a query parameter as SigV4 wants it: decoded (form encoders write a blank as '+'), then encoded strictly.
std::string Reencode(std::string_view raw) {
  std::string text(raw);
  std::replace(text.begin(), text.end(), '+', ' ');
  const auto decoded = PercentDecode(text);
  return PercentEncode(decoded ? *decoded : text);
}

void AppendFolded(std::string_view value, std::string& out) {
  bool blank = false;
  for (const char c : Trim(value)) {
    if (c == ' ') {
      blank = true;
      continue;
    }
    if (blank) out.push_back(' ');
    blank = false;
    out.push_back(c);
  }
}

}  // namespace

Error InvalidSignature(std::string message) { return Error::Service("InvalidSignatureException", std::move(message)); }

std::string QueryParameter(std::string_view query, std::string_view name) {
  for (const std::string_view pair : Split(query, '&')) {
    const size_t equals = pair.find('=');
    if (pair.substr(0, equals) != name) continue;
    const std::string_view raw = equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    return PercentDecode(raw).value_or(std::string(raw));
  }
  return {};
}

std::string CanonicalPath(std::string_view raw_path, std::string_view service) {
  if (service == "s3") return raw_path.empty() ? "/" : std::string(raw_path);
  std::vector<std::string_view> kept;
  for (const std::string_view segment : Split(raw_path, '/')) {
    if (segment.empty() || segment == ".") continue;
    if (segment != "..") {
      kept.push_back(segment);
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  std::string path;
  for (const std::string_view segment : kept) path.append("/").append(PercentEncode(segment));
  if (path.empty() || raw_path.ends_with('/')) path.push_back('/');
  return path;
}

std::string CanonicalQuery(std::string_view raw_query, std::string_view left_out) {
  std::vector<std::pair<std::string, std::string>> parameters;
  for (const std::string_view pair : Split(raw_query, '&')) {
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    const std::string_view name = pair.substr(0, equals);
    if (!left_out.empty() && name == left_out) continue;
    parameters.emplace_back(Reencode(name),
                            equals == std::string_view::npos ? std::string() : Reencode(pair.substr(equals + 1)));
  }
  std::sort(parameters.begin(), parameters.end());
  std::string query;
  for (const auto& [name, value] : parameters) {
    if (!query.empty()) query.push_back('&');
    query.append(name).append("=").append(value);
  }
  return query;
}

std::string CanonicalHeaders(const http::Headers& headers, std::string_view signed_headers, std::string_view host) {
  std::string lines;
  for (const std::string_view name : Split(signed_headers, ';')) {
    lines.append(name).push_back(':');
    bool found = false;
    for (const auto& [field, value] : headers.fields()) {
      if (!EqualIgnoringCase(field, name)) continue;
      if (found) lines.push_back(',');
      found = true;
      AppendFolded(value, lines);
    }
    if (!found && name == "host") lines.append(host);
    lines.push_back('\n');
  }
  return lines;
}

std::string CanonicalRequest(const http::Headers& headers, const CanonicalParts& parts) {
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", parts.method, CanonicalPath(parts.raw_path, parts.service),
                     CanonicalQuery(parts.raw_query, "X-Amz-Signature"),
                     CanonicalHeaders(headers, parts.signed_headers, parts.host), parts.signed_headers, parts.body_hash);
}

std::string StringToSign(std::string_view amz_date, std::string_view scope, std::string_view canonical_request) {
  return fmt::format("{}\n{}\n{}\n{}", kAlgorithm, amz_date, scope, Sha256Hex(canonical_request));
}

}  // namespace mayfly::identity
