// Where a client of the daemon's may connect to. What callers of the API name (subscribers, API destinations, issuers of tokens) must not become
// a way to the machine's own services and the network around it. Pure functions.
#pragma once

#include <sys/socket.h>

namespace mayfly::http {

enum class Reach : unsigned char {
  Anything,
  Internet,  // no loopback, link-local, private, shared, multicast or reserved address, in any form; no Unix socket
};

// `address`: of AF_INET, AF_INET6 or AF_UNIX, whole. Asked of what a name was resolved to, so that no name leads elsewhere.
bool IsReachable(Reach reach, const sockaddr& address);

}  // namespace mayfly::http
