#include "patterns/address_range.h"

#include <algorithm>

#include <arpa/inet.h>
#include <fmt/format.h>

#include "base/text.h"

namespace mayfly::patterns {

std::optional<Network> ParseAddress(const std::string& text) {
  if (text.contains('\0')) return std::nullopt;  // what is read below would end there
  Network network;
  const bool is_v6 = text.contains(':');
  if (::inet_pton(is_v6 ? AF_INET6 : AF_INET, text.c_str(), network.address.data()) != 1) return std::nullopt;
  network.bytes = is_v6 ? 16 : 4;
  network.bits = network.bytes * 8;
  return network;
}

bool Contains(const Network& network, const Network& host) {
  if (host.bytes != network.bytes || host.address < network.address) return false;
  for (int bit = 0; bit < network.bits; bit += 8) {
    const size_t at = static_cast<size_t>(bit / 8);
    const auto mask = static_cast<uint8_t>(0xFF << (8 - std::min(8, network.bits - bit)));
    if ((network.address[at] & mask) != (host.address[at] & mask)) return false;
  }
  return true;
}

Result<Network> ReadNetwork(const std::string& text, const Dialect& dialect) {
  const auto parts = Split(text, '/');
  if (parts.size() != 2) return Fail(dialect.refuse("Malformed CIDR, one '/' required"));
  const auto bits = ParseNumber<int>(parts[1]);
  if (!bits) return Fail(dialect.refuse("Malformed CIDR, mask bits must be an integer"));
  if (*bits < 0) return Fail(dialect.refuse("Malformed CIDR, mask bits must not be negative"));
  auto network = ParseAddress(std::string(parts[0]));
  if (!network) return Fail(dialect.refuse(fmt::format("Nonstandard IP address: {}", parts[0])));
  if (*bits > network->bits) {
    return Fail(dialect.refuse(network->bytes == 4 ? "IPv4 mask bits must be < 32" : "IPv6 mask bits must be < 128"));
  }
  network->bits = *bits;
  return std::move(*network);
}

}  // namespace mayfly::patterns
