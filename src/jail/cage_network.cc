#include "jail/cage_network.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "jail/kernel_files.h"
#include "sandbox/router_protocol.h"
#include "sandbox/rtnetlink.h"

namespace mayfly::jail {
namespace {

using sandbox::NetworkAddress;

constexpr int kLoopbackIndex = 1;
constexpr int kLinkIndex = 2;
// Below what IPv6 needs: the kernel gives neither end anything of IPv6, which is half of what a pair costs.
constexpr uint32_t kMtuWithoutIpv6 = 1279;
constexpr const char* kNoAddressOfItsOwn = "1";  // IN6_ADDR_GEN_MODE_NONE: then nothing is announced or solicited either

NetworkAddress AddressV6(uint32_t v4) {
  NetworkAddress address = NetworkAddress::V4(v4);
  memcpy(address.bytes + 12, address.bytes, 4);
  memset(address.bytes, 0, 12);
  memcpy(address.bytes, sandbox::kCagePrefixV6, sizeof sandbox::kCagePrefixV6);
  address.is_v6 = true;
  return address;
}

void Address(sandbox::NetlinkBatch& batch, const NetworkAddress& address) {
  NetworkAddress everything;
  everything.is_v6 = address.is_v6;
  batch.AddAddress(kLinkIndex, address);
  batch.AddRoute(kLinkIndex, everything, 0);
}

int MakeCageEnd(const CageLink& link, uint32_t address) {
  const UniqueFd socket = sandbox::OpenRtnetlink();
  if (!socket) return errno;
  char name[16];
  snprintf(name, sizeof name, "c%u", link.index);
  sandbox::NetlinkBatch batch;
  batch.SetUp(kLoopbackIndex);
  const uint32_t mtu = link.has_ipv6 ? 0 : kMtuWithoutIpv6;
  batch.AddPair({"eth0", kLinkIndex, -1, mtu}, {name, sandbox::kCageLinkFirst + static_cast<int>(link.index), link.router, mtu});
  batch.SetUp(kLinkIndex);
  Address(batch, NetworkAddress::V4(address));
  if (link.has_ipv6) Address(batch, AddressV6(address));
  return Carry(socket.get(), batch);
}

int MakeRouterEnd(const CageLink& link, uint32_t address, int router_socket) {
  const int index = sandbox::kCageLinkFirst + static_cast<int>(link.index);
  sandbox::NetlinkBatch batch;
  batch.SetUp(index);
  batch.AddRoute(index, NetworkAddress::V4(address), 32);
  if (link.has_ipv6) batch.AddRoute(index, AddressV6(address), 128);
  return Carry(router_socket, batch);
}

}  // namespace

CageAddresses::CageAddresses() : taken_(sandbox::kCageAddresses) {}

uint32_t CageAddresses::Take() {
  while (taken_[next_]) next_ = (next_ + 1) % sandbox::kCageAddresses;
  const uint32_t index = next_;
  taken_[index] = true;
  next_ = (next_ + 1) % sandbox::kCageAddresses;
  return index;
}

void CageAddresses::GiveBack(uint32_t index) { taken_[index] = false; }

UniqueFd OpenRouter(int router) {
  if (setns(router, CLONE_NEWNET) != 0) return {};
  return sandbox::OpenRtnetlink();
}

// On a kernel without IPv6 there is no such setting, and nothing to set.
int ConnectToRouter(const CageLink& link, int router_socket, int proc) {
  const int error = WriteAt(proc, "sys/net/ipv6/conf/default/addr_gen_mode", kNoAddressOfItsOwn);
  if (error != 0 && error != ENOENT) return error;
  const uint32_t address = sandbox::CageAddressOf(link.index);
  if (const int failure = MakeCageEnd(link, address)) return failure;
  return MakeRouterEnd(link, address, router_socket);
}

}  // namespace mayfly::jail
