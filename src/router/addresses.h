// Addresses of the plan (sandbox/router_protocol.h) as the kernel takes them.
#pragma once

#include <string.h>

#include "sandbox/router_protocol.h"
#include "sandbox/rtnetlink.h"

namespace mayfly::router {

// A router's IPv6 address on the machine's side, which goes with its IPv4 one.
inline sandbox::NetworkAddress UplinkV6(uint32_t v4) {
  const sandbox::NetworkAddress short_form = sandbox::NetworkAddress::V4(v4);
  sandbox::NetworkAddress address;
  address.is_v6 = true;
  memcpy(address.bytes, sandbox::kUplinkPrefixV6, sizeof sandbox::kUplinkPrefixV6);
  memcpy(address.bytes + 12, short_form.bytes, 4);
  return address;
}

}  // namespace mayfly::router
