#include "net/http_url.h"


#include "base/text.h"

namespace mayfly::http {
namespace {

constexpr size_t kHostBytesMax = 253;

Error BadUrl(std::string_view text, const char* why) { return Error::Fault("URL " + std::string(text.substr(0, 200)) + ": " + why); }

bool IsHostCharacter(char c) {
  return IsAlphanumeric(c) || c == '-' || c == '.' || c == '_';
}

bool IsHost(std::string_view host, bool bracketed) {
  if (host.empty() || host.size() > kHostBytesMax) return false;
  for (const char c : host) {
    if (!IsHostCharacter(c) && !(bracketed && c == ':')) return false;
  }
  return true;
}

bool IsTarget(std::string_view target) {
  for (const char c : target) {
    if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f) return false;
  }
  return !target.empty() && target.front() == '/';
}

// "host", "host:port", "[address]:port".
bool ParseAuthority(std::string_view authority, Url& url) {
  const bool bracketed = authority.starts_with('[');
  const size_t host_end = bracketed ? authority.find(']') : std::min(authority.find(':'), authority.size());
  if (host_end == std::string_view::npos) return false;
  url.host = authority.substr(bracketed ? 1 : 0, host_end - (bracketed ? 1 : 0));
  std::string_view rest = authority.substr(host_end + (bracketed ? 1 : 0));
  if (!IsHost(url.host, bracketed)) return false;
  if (rest.empty()) return true;
  if (rest.front() != ':') return false;
  rest.remove_prefix(1);
  url.port = ParseNumber<uint16_t>(rest).value_or(0);
  return url.port != 0;
}

}  // namespace

std::string Url::HostField() const {
  if (scheme == Scheme::Unix) return "localhost";
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  const uint16_t usual = scheme == Scheme::Https ? 443 : 80;
  return port == usual ? name : name + ":" + std::to_string(port);
}

std::string Url::PoolKey() const { return std::to_string(static_cast<int>(scheme)) + "|" + host + "|" + std::to_string(port); }

Result<Url> ParseUrl(std::string_view text) {
  Url url;
  std::string_view rest = text.substr(0, text.find('#'));
  if (rest.starts_with("unix:")) {
    rest.remove_prefix(5);
    const size_t colon = rest.find(':');
    url.scheme = Url::Scheme::Unix;
    url.host = rest.substr(0, colon);
    url.target = colon == std::string_view::npos ? "/" : rest.substr(colon + 1);
    if (url.host.empty() || !IsTarget(url.target)) return Fail(BadUrl(text, "expected unix:/path/to.sock:/path"));
    return url;
  }
  if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
    url.port = 80;
  } else if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
    url.scheme = Url::Scheme::Https;
    url.port = 443;
  } else {
    return Fail(BadUrl(text, "expected http://, https:// or unix:"));
  }
  const size_t authority_end = std::min(rest.find_first_of("/?"), rest.size());
  if (!ParseAuthority(rest.substr(0, authority_end), url)) return Fail(BadUrl(text, "its host or port is malformed"));
  url.target = rest.substr(authority_end);
  if (!url.target.starts_with('/')) url.target.insert(0, 1, '/');
  if (!IsTarget(url.target)) return Fail(BadUrl(text, "its path holds characters that must be percent-encoded"));
  return url;
}

}  // namespace mayfly::http
