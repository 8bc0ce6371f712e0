// One struct and a few descriptors as one packet of a SOCK_SEQPACKET socket.
//
// Header-only and free of the heap, because the jail, the zygote library and the daemon share it. Any thread.
#pragma once

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <span>

#include "base/fd.h"

namespace mayfly::sandbox {

inline constexpr int kPacketDescriptorsMax = 10;

// The descriptors that came with a packet; those not taken are closed.
struct PacketDescriptors {
  UniqueFd fds[kPacketDescriptorsMax];
  int count = 0;
};

// 0 or errno. The descriptors stay the caller's. EAGAIN: MSG_DONTWAIT is in `flags` and the socket is full.
template <typename Packet>
int SendPacket(int socket, const Packet& packet, std::span<const int> descriptors = {}, int flags = 0) {
  if (descriptors.size() > kPacketDescriptorsMax) return EINVAL;
  iovec piece{const_cast<Packet*>(&packet), sizeof packet};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kPacketDescriptorsMax)] = {};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
  }
  while (sendmsg(socket, &message, flags | MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

// 0: a packet of exactly the right size, all of its descriptors taken over (close-on-exec). EPIPE: the other end has gone.
// EAGAIN: MSG_DONTWAIT and nothing there. EBADMSG: something of another size or with too many descriptors, dropped.
template <typename Packet>
int ReceivePacket(int socket, Packet& packet, PacketDescriptors& descriptors, int flags = 0) {
  iovec piece{&packet, sizeof packet};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kPacketDescriptorsMax)];
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t size;
  while ((size = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC | MSG_TRUNC)) < 0) {
    if (errno == ECONNRESET) return EPIPE;
    if (errno != EINTR) return errno;
  }
  for (int i = 0; i < kPacketDescriptorsMax; ++i) descriptors.fds[i].Reset();
  descriptors.count = 0;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd;
      memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
      if (descriptors.count < kPacketDescriptorsMax) descriptors.fds[descriptors.count++].Reset(fd);
      else close(fd);
    }
  }
  if (size == 0) return EPIPE;
  if (size != static_cast<ssize_t>(sizeof packet) || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) return EBADMSG;
  return 0;
}

}  // namespace mayfly::sandbox
