#include "mayflyd/listen_address.h"

#include <fmt/format.h>

#include "base/text.h"

namespace mayfly::daemon {

bool ListenAddress::is_loopback() const { return host.starts_with("127.") || host == "localhost" || host == "::1" || host == "[::1]"; }

Result<ListenAddress> ParseListenAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  const auto port = colon == std::string_view::npos ? std::nullopt : ParseNumber<uint16_t>(text.substr(colon + 1));
  if (!port) return Fail(Error::Fault(fmt::format("--listen {}: expected HOST:PORT, e.g. 127.0.0.1:4566", text)));
  return ListenAddress{std::string(text.substr(0, colon)), *port};
}

}  // namespace mayfly::daemon
