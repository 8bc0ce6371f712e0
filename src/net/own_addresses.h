// IP addresses as text, and which of them are this machine's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly::net {

// The one way in which an address is written here: "127.0.0.1", "::1", without brackets; an IPv4 address inside of IPv6 is that IPv4 address.
// nullopt: no address, or one in a form that only old programs know ("127.1", "0x7f000001").
std::optional<std::string> CanonicalAddress(std::string_view text);
// Of CanonicalAddress's texts: 127.0.0.0/8 and ::1, and what is connected to as one of these, 0.0.0.0 and ::.
bool IsLoopbackAddress(std::string_view canonical);
// What the interfaces have at this moment, as CanonicalAddress writes it; without a zone. Empty when the kernel does not say.
std::vector<std::string> OwnAddresses();

}  // namespace mayfly::net
