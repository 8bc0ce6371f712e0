#include "mayflyd/listen_address.h"

#include <charconv>

#include <fmt/format.h>

namespace mayfly::daemon {

bool ListenAddress::is_loopback() const { return host.starts_with("127.") || host == "localhost" || host == "::1" || host == "[::1]"; }

Result<ListenAddress> ParseListenAddress(std::string_view text) {
  ListenAddress address;
  const size_t colon = text.rfind(':');
  const std::string_view port = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (port.empty() || error != std::errc() || end != port.data() + port.size()) {
    return Fail(Error::Fault(fmt::format("--listen {}: expected HOST:PORT, e.g. 127.0.0.1:4566", text)));
  }
  address.host = text.substr(0, colon);
  return address;
}

}  // namespace mayfly::daemon
