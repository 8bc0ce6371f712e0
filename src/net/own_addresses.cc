#include "net/own_addresses.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <memory>

namespace mayfly::net {
namespace {

std::string Written(int family, const void* address) {
  char text[INET6_ADDRSTRLEN] = {};
  ::inet_ntop(family, address, text, sizeof text);
  return text;
}

std::string Written(const in6_addr& address) {
  if (IN6_IS_ADDR_V4MAPPED(&address)) return Written(AF_INET, address.s6_addr + 12);
  return Written(AF_INET6, &address);
}

}  // namespace

std::optional<std::string> CanonicalAddress(std::string_view text) {
  if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string owned(text);
  in_addr v4{};
  if (::inet_pton(AF_INET, owned.c_str(), &v4) == 1) return Written(AF_INET, &v4);
  in6_addr v6{};
  if (::inet_pton(AF_INET6, owned.c_str(), &v6) == 1) return Written(v6);
  return std::nullopt;
}

bool IsLoopbackAddress(std::string_view canonical) {
  return canonical.starts_with("127.") || canonical == "0.0.0.0" || canonical == "::1" || canonical == "::";
}

std::vector<std::string> OwnAddresses() {
  std::vector<std::string> addresses;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return addresses;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, ::freeifaddrs);
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr) continue;
    if (entry->ifa_addr->sa_family == AF_INET) addresses.push_back(Written(AF_INET, &reinterpret_cast<const sockaddr_in*>(entry->ifa_addr)->sin_addr));
    if (entry->ifa_addr->sa_family == AF_INET6) addresses.push_back(Written(reinterpret_cast<const sockaddr_in6*>(entry->ifa_addr)->sin6_addr));
  }
  return addresses;
}

}  // namespace mayfly::net
