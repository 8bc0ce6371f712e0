#include "vpc/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include "base/text.h"

namespace mayfly::vpc {
namespace {

int FamilyNumber(Family family) { return family == Family::V4 ? AF_INET : AF_INET6; }
size_t BytesOf(Family family) { return static_cast<size_t>(BitsOf(family)) / 8; }

unsigned __int128 MaskOf(Family family, int length) {
  const int host_bits = BitsOf(family) - length;
  const unsigned __int128 all = family == Family::V4 ? static_cast<unsigned __int128>(UINT32_MAX) : ~static_cast<unsigned __int128>(0);
  return host_bits >= 128 ? 0 : all >> host_bits << host_bits;
}

}  // namespace

std::string Address::Text() const {
  unsigned char bytes[16];
  const size_t count = BytesOf(family);
  for (size_t i = 0; i < count; ++i) bytes[i] = static_cast<unsigned char>(value >> (8 * (count - 1 - i)));
  char text[INET6_ADDRSTRLEN];
  return inet_ntop(FamilyNumber(family), bytes, text, sizeof text);
}

std::optional<Address> ParseAddress(std::string_view text) {
  const std::string terminated(text);
  unsigned char bytes[16];
  const Family family = text.find(':') == std::string_view::npos ? Family::V4 : Family::V6;
  if (terminated.size() != std::string_view(terminated.c_str()).size() || inet_pton(FamilyNumber(family), terminated.c_str(), bytes) != 1)
    return std::nullopt;
  Address address{.family = family, .value = 0};
  for (size_t i = 0; i < BytesOf(family); ++i) address.value = address.value << 8 | bytes[i];
  return address;
}

bool Block::Contains(const Address& address) const {
  return address.family == base.family && (address.value & MaskOf(base.family, length)) == base.value;
}

Address Block::At(unsigned __int128 offset) const { return {.family = base.family, .value = base.value + offset}; }

std::string Block::Text() const { return fmt::format("{}/{}", base.Text(), length); }

std::optional<Block> ParseBlock(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash + 1 == text.size() || !ConsistsOf(text.substr(slash + 1), "0123456789")) return std::nullopt;
  const auto length = ParseNumber<int>(text.substr(slash + 1));
  auto address = ParseAddress(text.substr(0, slash));
  if (!address || !length || *length < 0 || *length > BitsOf(address->family)) return std::nullopt;
  address->value &= MaskOf(address->family, *length);
  return Block{.base = *address, .length = *length};
}

}  // namespace mayfly::vpc
