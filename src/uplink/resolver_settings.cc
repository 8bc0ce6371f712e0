#include "uplink/resolver_settings.h"

#include <arpa/inet.h>

#include <cstring>

#include <fmt/format.h>

#include "base/files.h"
#include "base/text.h"

namespace mayfly::uplink {
namespace {

constexpr uint16_t kDnsPort = 53;

std::vector<std::string_view> WordsOf(std::string_view line) {
  std::vector<std::string_view> words;
  while (!(line = Trim(line)).empty()) {
    const size_t end = line.find_first_of(" \t");
    words.push_back(line.substr(0, end));
    line.remove_prefix(words.back().size());
  }
  return words;
}

bool IsDomain(std::string_view name) {
  return ConsistsOf(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") && name != ".";
}

// With the interface of a link-local address: "fe80::1%eth0" is left out by ParseNameServer.
void TakeLine(const std::vector<std::string_view>& words, ResolverSettings& settings) {
  if (words.size() < 2) return;
  if (words[0] == "nameserver" && settings.servers.size() < kServersMax) {
    if (auto server = ParseNameServer(words[1])) settings.servers.push_back(*server);
  }
  if (words[0] != "search" && words[0] != "domain") return;
  settings.search.clear();
  for (size_t i = 1; i < words.size() && settings.search.size() < 768; ++i) {
    if (IsDomain(words[i])) settings.search += (settings.search.empty() ? "" : " ") + std::string(words[i]);
  }
}

}  // namespace

Result<sockaddr_storage> ParseNameServer(std::string_view text) {
  sockaddr_storage server{};
  const size_t close = text.starts_with('[') ? text.find(']') : std::string_view::npos;
  const bool bare_v6 = close == std::string_view::npos && text.find(':') != text.rfind(':');
  const size_t colon = close != std::string_view::npos ? text.find(':', close) : bare_v6 ? std::string_view::npos : text.find(':');
  const std::string host(Trim(text.substr(0, colon), "[]"));
  const auto port = colon == std::string_view::npos ? std::optional<uint16_t>(kDnsPort) : ParseNumber<uint16_t>(text.substr(colon + 1));
  auto* v4 = reinterpret_cast<sockaddr_in*>(&server);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&server);
  if (port && ::inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(*port);
    return server;
  }
  if (port && ::inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(*port);
    return server;
  }
  return Fail(Error::Fault(fmt::format("'{}' is no address of a name server", text)));
}

ResolverSettings ParseResolverSettings(std::string_view text) {
  ResolverSettings settings;
  for (const std::string_view line : Split(text, '\n')) {
    if (!line.starts_with('#') && !line.starts_with(';')) TakeLine(WordsOf(line), settings);
  }
  return settings;
}

ResolverSettings ReadResolverSettings() {
  auto text = ReadFile("/etc/resolv.conf");
  return text ? ParseResolverSettings(*text) : ResolverSettings();
}

}  // namespace mayfly::uplink
