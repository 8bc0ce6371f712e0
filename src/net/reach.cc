#include "net/reach.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace mayfly::http {
namespace {

struct Block4 {
  uint32_t address;
  int bits;
};
// RFC 6890 and its successors: what no host of the internet has.
constexpr Block4 kClosed4[] = {{0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10}, {0x7f000000, 8},  {0xa9fe0000, 16}, {0xac100000, 12}, {0xc0000000, 24},
                               {0xc0a80000, 16}, {0xc6120000, 15}, {0xe0000000, 4},  {0xf0000000, 4}};

bool IsOpen4(uint32_t address) {
  return std::ranges::none_of(kClosed4, [address](const Block4& block) { return (address ^ block.address) >> (32 - block.bits) == 0; });
}

uint32_t Address4At(const uint8_t* bytes) { return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3]; }

bool IsOpen6(const in6_addr& address) {
  const uint8_t* bytes = address.s6_addr;
  constexpr uint8_t kNat64[12] = {0x00, 0x64, 0xff, 0x9b};
  if (IN6_IS_ADDR_V4MAPPED(&address) || IN6_IS_ADDR_V4COMPAT(&address)) return IsOpen4(Address4At(bytes + 12));
  if (std::memcmp(bytes, kNat64, sizeof kNat64) == 0) return IsOpen4(Address4At(bytes + 12));
  if (bytes[0] == 0x20 && bytes[1] == 0x02) return IsOpen4(Address4At(bytes + 2));  // 6to4
  if (bytes[0] == 0x20 && bytes[1] == 0x01 && bytes[2] == 0 && bytes[3] == 0) return false;  // Teredo
  return (bytes[0] & 0xe0) == 0x20;  // 2000::/3: all that is given out
}

}  // namespace

bool IsReachable(Reach reach, const sockaddr& address) {
  if (reach == Reach::Anything) return true;
  if (address.sa_family == AF_INET) return IsOpen4(ntohl(reinterpret_cast<const sockaddr_in&>(address).sin_addr.s_addr));
  return address.sa_family == AF_INET6 && IsOpen6(reinterpret_cast<const sockaddr_in6&>(address).sin6_addr);
}

}  // namespace mayfly::http
