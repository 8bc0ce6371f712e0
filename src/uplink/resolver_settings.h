// The machine's resolvers and search domains.
#pragma once

#include <netinet/in.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mayfly::uplink {

struct ResolverSettings {
  std::vector<sockaddr_storage> servers;  // at most kServersMax, in their order
  std::string search;                     // domains, separated by spaces
};
inline constexpr size_t kServersMax = 3;  // as glibc

// Text of resolv.conf(5). What is not understood there is left out. Pure.
ResolverSettings ParseResolverSettings(std::string_view text);
// Of /etc/resolv.conf as it is now; without one, nothing.
ResolverSettings ReadResolverSettings();
// "10.0.0.2", "10.0.0.2:5353", "[fd00::1]:53". Error: Fault.
Result<sockaddr_storage> ParseNameServer(std::string_view text);

}  // namespace mayfly::uplink
