#include "sandbox/rtnetlink.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <string.h>
#include <sys/socket.h>

namespace mayfly::sandbox {
namespace {

constexpr uint8_t kHardwareAddress[6] = {0x02, 0, 0, 0, 0, 1};  // of every end of every pair
constexpr uint16_t kMake = NLM_F_CREATE | NLM_F_EXCL;

size_t BytesOf(const NetworkAddress& address) { return address.is_v6 ? 16 : 4; }
uint8_t FamilyOf(const NetworkAddress& address) { return address.is_v6 ? AF_INET6 : AF_INET; }

}  // namespace

NetworkAddress NetworkAddress::V4(uint32_t host_order) {
  NetworkAddress address;
  for (int i = 0; i < 4; ++i) address.bytes[i] = static_cast<uint8_t>(host_order >> (24 - 8 * i));
  return address;
}

nlmsghdr* NetlinkBatch::Begin(uint16_t type, uint16_t flags) {
  nlmsghdr header{};
  header.nlmsg_type = type;
  header.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
  char* at = bytes_ + size_;
  Append(header);
  return reinterpret_cast<nlmsghdr*>(at);
}

void NetlinkBatch::End(nlmsghdr* header) {
  if (!is_full_) header->nlmsg_len = static_cast<uint32_t>(bytes_ + size_ - reinterpret_cast<const char*>(header));
}

bool NetlinkBatch::HasRoom(size_t size) {
  is_full_ = is_full_ || size_ + size > kBytesMax;
  return !is_full_;
}

template <typename Header>
void NetlinkBatch::Append(const Header& header) {
  if (!HasRoom(NLMSG_ALIGN(sizeof header))) return;
  memcpy(bytes_ + size_, &header, sizeof header);
  size_ += NLMSG_ALIGN(sizeof header);
}

void NetlinkBatch::Attribute(uint16_t type, const void* value, size_t size) {
  if (!HasRoom(RTA_SPACE(size))) return;
  const rtattr header{static_cast<unsigned short>(RTA_LENGTH(size)), type};
  memcpy(bytes_ + size_, &header, sizeof header);
  if (size > 0) memcpy(bytes_ + size_ + RTA_LENGTH(0), value, size);
  size_ += RTA_SPACE(size);
}

size_t NetlinkBatch::BeginNest(uint16_t type) {
  const size_t at = size_;
  Attribute(static_cast<uint16_t>(type | NLA_F_NESTED), nullptr, 0);
  return at;
}

void NetlinkBatch::EndNest(size_t at) {
  if (!is_full_) reinterpret_cast<rtattr*>(bytes_ + at)->rta_len = static_cast<unsigned short>(size_ - at);
}

// One queue each way: the kernel would make one per processor.
void NetlinkBatch::DescribeEnd(const LinkEnd& end) {
  Attribute(IFLA_IFNAME, end.name, strlen(end.name) + 1);
  Attribute(IFLA_ADDRESS, kHardwareAddress, sizeof kHardwareAddress);
  Number(IFLA_NUM_TX_QUEUES, 1);
  Number(IFLA_NUM_RX_QUEUES, 1);
  if (end.mtu != 0) Number(IFLA_MTU, end.mtu);
  if (end.network_namespace >= 0) Number(IFLA_NET_NS_FD, static_cast<uint32_t>(end.network_namespace));
}

void NetlinkBatch::AddPair(const LinkEnd& near, const LinkEnd& far) {
  nlmsghdr* header = Begin(RTM_NEWLINK, kMake);
  ifinfomsg link{};
  link.ifi_index = near.index;
  link.ifi_flags = IFF_NOARP;
  link.ifi_change = IFF_NOARP;
  Append(link);
  DescribeEnd(near);
  const size_t information = BeginNest(IFLA_LINKINFO);
  Attribute(IFLA_INFO_KIND, "veth", 4);
  const size_t data = BeginNest(IFLA_INFO_DATA);
  const size_t peer = BeginNest(VETH_INFO_PEER);
  link.ifi_index = far.index;
  Append(link);
  DescribeEnd(far);
  EndNest(peer);
  EndNest(data);
  EndNest(information);
  End(header);
}

// Without duplicate address detection: nobody else is there.
void NetlinkBatch::AddAddress(int link, const NetworkAddress& address) {
  nlmsghdr* header = Begin(RTM_NEWADDR, kMake);
  ifaddrmsg description{};
  description.ifa_family = FamilyOf(address);
  description.ifa_prefixlen = address.is_v6 ? 128 : 32;
  description.ifa_flags = address.is_v6 ? IFA_F_NODAD : 0;
  description.ifa_scope = RT_SCOPE_UNIVERSE;
  description.ifa_index = static_cast<unsigned>(link);
  Append(description);
  Attribute(IFA_LOCAL, address.bytes, BytesOf(address));
  Attribute(IFA_ADDRESS, address.bytes, BytesOf(address));
  End(header);
}

void NetlinkBatch::AddRoute(int link, const NetworkAddress& destination, int bits) { Route(link, destination, bits, NLM_F_CREATE | NLM_F_REPLACE); }

void NetlinkBatch::ClaimRoute(int link, const NetworkAddress& destination) { Route(link, destination, destination.is_v6 ? 128 : 32, kMake); }

void NetlinkBatch::Route(int link, const NetworkAddress& destination, int bits, uint16_t flags) {
  nlmsghdr* header = Begin(RTM_NEWROUTE, flags);
  rtmsg route{};
  route.rtm_family = FamilyOf(destination);
  route.rtm_dst_len = static_cast<unsigned char>(bits);
  route.rtm_table = RT_TABLE_MAIN;
  route.rtm_protocol = RTPROT_STATIC;
  route.rtm_scope = destination.is_v6 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
  route.rtm_type = RTN_UNICAST;
  Append(route);
  if (bits > 0) Attribute(RTA_DST, destination.bytes, BytesOf(destination));
  Number(RTA_OIF, static_cast<uint32_t>(link));
  End(header);
}

void NetlinkBatch::SetUp(int link) {
  nlmsghdr* header = Begin(RTM_NEWLINK, 0);
  ifinfomsg description{};
  description.ifi_index = link;
  description.ifi_flags = IFF_UP;
  description.ifi_change = IFF_UP;
  Append(description);
  End(header);
}

void NetlinkBatch::Remove(const char* link) {
  nlmsghdr* header = Begin(RTM_DELLINK, 0);
  Append(ifinfomsg{});
  Attribute(IFLA_IFNAME, link, strlen(link) + 1);
  End(header);
}

UniqueFd OpenRtnetlink() { return UniqueFd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)); }

namespace {

// Failures are told one by one, in order; of what went well nothing is said but the end, which a request of no effect asks for.
int FirstFailure(int socket) {
  int first = 0;
  for (;;) {
    alignas(nlmsghdr) char answer[8192];
    const ssize_t size = recv(socket, answer, sizeof answer, 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno;
    auto left = static_cast<unsigned>(size);
    for (auto* header = reinterpret_cast<nlmsghdr*>(answer); NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
      if (header->nlmsg_type != NLMSG_ERROR) continue;
      const auto* told = static_cast<const nlmsgerr*>(NLMSG_DATA(header));
      if (told->msg.nlmsg_type == NLMSG_NOOP) return first;
      if (first == 0) first = -told->error;
    }
  }
}

}  // namespace

int Carry(int socket, const NetlinkBatch& batch) {
  if (batch.is_full()) return E2BIG;
  nlmsghdr closing{sizeof(nlmsghdr), NLMSG_NOOP, NLM_F_REQUEST | NLM_F_ACK, 0, 0};
  iovec pieces[] = {{const_cast<char*>(batch.bytes()), batch.size()}, {&closing, sizeof closing}};
  msghdr message{};
  message.msg_iov = pieces;
  message.msg_iovlen = 2;
  while (sendmsg(socket, &message, MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) return errno;
  }
  return FirstFailure(socket);
}

}  // namespace mayfly::sandbox
