#include "uplink/resolve.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "sandbox/router_protocol.h"

namespace mayfly::uplink {

Result<std::vector<std::string>> Resolve(const std::string& host) {
  if (EqualIgnoringCase(host, "host.mayfly.internal")) {
    const uint32_t address = sandbox::kMachineAddress;
    return std::vector<std::string>{fmt::format("{}.{}.{}.{}", address >> 24, address >> 16 & 255, address >> 8 & 255, address & 255)};
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* first = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &first)) {
    return Fail(Error::Fault(fmt::format("look up {}: {}", host, ::gai_strerror(error))));
  }
  std::vector<std::string> addresses;
  for (const addrinfo* at = first; at != nullptr; at = at->ai_next) {
    char text[NI_MAXHOST];
    if (::getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) continue;
    if (std::ranges::find(addresses, text) == addresses.end()) addresses.emplace_back(text);
  }
  ::freeaddrinfo(first);
  return addresses;
}

}  // namespace mayfly::uplink
