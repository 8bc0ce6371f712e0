// Links, addresses and routes: what the privileged programs ask of the kernel's rtnetlink, and nothing more.
//
// Shared by the jail (a cage's link) and the router (the way out). No heap, no library, no name is resolved. A Batch is filled with
// requests and given to a socket as one message: the kernel works it off in order, in the network namespace in which the socket was
// made, and stops at nothing; the answer is that of the first request that failed. One thread.
// Sources: rtnetlink(7), veth(4), linux/if_link.h.
#pragma once

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fd.h"

namespace mayfly::sandbox {

// An address of either family, in network order: 4 or 16 bytes are used.
struct NetworkAddress {
  uint8_t bytes[16] = {};
  bool is_v6 = false;

  static NetworkAddress V4(uint32_t host_order);
};

// One end of a veth pair.
struct LinkEnd {
  const char* name = "";
  int index = 0;              // chosen by the caller, free in its namespace
  int network_namespace = -1;  // descriptor; -1: that of the socket
  uint32_t mtu = 0;            // 0: the kernel's
};

class NetlinkBatch {
 public:
  // A pair, not up yet, on which nobody asks for or tells hardware addresses: both ends have the same one, and IFF_NOARP, so each
  // takes the other for whoever is asked for.
  void AddPair(const LinkEnd& near, const LinkEnd& far);
  void AddAddress(int link, const NetworkAddress& address);
  // To exactly this address, or with `bits` 0 to everything, over a link. Replaces one that is there.
  void AddRoute(int link, const NetworkAddress& destination, int bits);
  // As AddRoute, but EEXIST if somebody has one to there.
  void ClaimRoute(int link, const NetworkAddress& destination);
  void SetUp(int link);
  void Remove(const char* link);

  // It did not fit: Carry refuses it (E2BIG).
  bool is_full() const { return is_full_; }
  const char* bytes() const { return bytes_; }
  size_t size() const { return size_; }

 private:
  nlmsghdr* Begin(uint16_t type, uint16_t flags);
  void End(nlmsghdr* header);
  bool HasRoom(size_t size);
  template <typename Header>
  void Append(const Header& header);
  void Attribute(uint16_t type, const void* value, size_t size);
  void Number(uint16_t type, uint32_t value) { Attribute(type, &value, sizeof value); }
  size_t BeginNest(uint16_t type);
  void EndNest(size_t at);
  void DescribeEnd(const LinkEnd& end);
  void Route(int link, const NetworkAddress& destination, int bits, uint16_t flags);

  static constexpr size_t kBytesMax = 2048;
  alignas(NLMSG_ALIGNTO) char bytes_[kBytesMax] = {};
  size_t size_ = 0;
  bool is_full_ = false;
};

// An rtnetlink socket of the calling process's network namespace, for as long as it lives. Empty, with errno, when there is none.
UniqueFd OpenRtnetlink();
// 0 or the errno of the first request that failed.
int Carry(int socket, const NetlinkBatch& batch);

}  // namespace mayfly::sandbox
