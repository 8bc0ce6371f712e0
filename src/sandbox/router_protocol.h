// What mayflyd and mayfly-router say to each other, over one SOCK_SEQPACKET pair (descriptor 3 of the router); and the plan of
// addresses, which the router, the jail and the daemon share.
//
// One packet is one struct of fixed size plus, by SCM_RIGHTS, the descriptors that its comment names, in that order. Both ends run on
// one machine from one build. The router sends Hello first, once functions have a way out; answers come in the order of requests.
#pragma once

#include <cstdint>
#include <type_traits>

namespace mayfly::sandbox {

inline constexpr uint32_t kRouterProtocolVersion = 2;
inline constexpr int kRouterControlDescriptor = 3;
// Of the jail: the router's network namespace, when there is one.
inline constexpr int kRouterNamespaceDescriptor = 4;

// Addresses inside: link-local ones, since nothing that a function may reach has one. Each daemon's router has a namespace of its own,
// so all daemons of a machine use the same; only the router's own address on the machine's side is one that no other has.
inline constexpr uint32_t kLinkLocal = 0xa9fe0000;          // 169.254.0.0
inline constexpr uint32_t kNameServerAddress = 0xa9fe6403;  // 169.254.100.3, UDP and TCP port 53
inline constexpr uint32_t kMachineAddress = 0xa9fe6404;     // 169.254.100.4: host.mayfly.internal
inline constexpr uint16_t kRelayPort = 1;                   // on the machine's address, where connections to any allowed port of it arrive
inline constexpr uint32_t kUplinkThirdMax = 99;             // 169.254.1.0 … 169.254.99.255: of routers, on the machine's side
inline constexpr int kCageLinkFirst = 1000;                 // interface index of the first cage's link in the router's namespace

// Cages have 169.254.101.0 … 169.254.168.255 and 169.254.171.0 … 169.254.254.255: clouds keep services for their own machines in 169 and 170.
inline constexpr uint32_t kCageAddresses = (68 + 84) * 256;
constexpr uint32_t CageAddressOf(uint32_t index) {
  const uint32_t third = index / 256;
  return kLinkLocal | (third < 68 ? 101 + third : 171 + third - 68) << 8 | index % 256;
}
// The index that CageAddressOf made it of; kCageAddresses: no cage's.
constexpr uint32_t CageIndexOf(uint32_t address) {
  const uint32_t third = address >> 8 & 255;
  if ((address & 0xffff0000) != kLinkLocal) return kCageAddresses;
  if (third >= 101 && third <= 168) return (third - 101) * 256 + (address & 255);
  if (third >= 171 && third <= 254) return (third - 171 + 68) * 256 + (address & 255);
  return kCageAddresses;
}
// fd6d:6179:666c:7900::/64 is cages', by their IPv4 address in the last 32 bits; fd6d:6179:666c:7901::/64 routers', likewise.
inline constexpr uint8_t kCagePrefixV6[8] = {0xfd, 0x6d, 0x61, 0x79, 0x66, 0x6c, 0x79, 0x00};
inline constexpr uint8_t kUplinkPrefixV6[8] = {0xfd, 0x6d, 0x61, 0x79, 0x66, 0x6c, 0x79, 0x01};

enum class RouterOperation : uint32_t {
  // How many connections were refused, of each cage. Answer: a sealed memfd with lines "ADDRESS COUNT" (kRefusals).
  CountRefusals = 1,
  // What may begin in a network of functions, under a number of the daemon's. Made, or replaced as a whole and at once: what is
  // established stays. Descriptor: a file with a RouterProfile, its rules, its translations. EINVAL: it is none, or past a bound.
  PutProfile = 2,
  // Nobody has joined it. Not an error: unknown.
  RemoveProfile = 3,
  // The cage with `address` goes by `profile` from now on, whatever it went by. ENOENT: there is no such profile.
  JoinProfile = 4,
  // It begins no connection any more.
  Shut = 5,
  // It goes by what all go by (--function-network). Not an error: it does.
  Leave = 6,
};

struct RouterRequest {
  uint32_t version;
  RouterOperation operation;
  uint32_t sequence;
  uint32_t profile;
  uint32_t address;  // of a cage, host order
  uint32_t reserved;
};

inline constexpr uint32_t kRouterProfilesMax = 4096;
inline constexpr uint32_t kProfileRulesMax = 4096;
inline constexpr uint32_t kProfileTranslationsMax = 1024;

enum class ProfileVerdict : uint8_t {
  Refuse,
  Internet,   // what the internet is, as far as functions reach it at all
  Resource,   // what a translation leads to
};

// Of connections that begin in a cage, the first one that takes it decides; what none takes is refused.
struct ProfileRule {
  uint8_t destination[16];  // network order; IPv4 in the first four
  uint16_t port_low;        // of TCP and UDP
  uint16_t port_high;
  uint8_t bits;
  uint8_t is_v6;
  uint8_t protocol;  // 6, 17, 1, 58; 0: all
  ProfileVerdict verdict;
};

enum class TranslationKind : uint32_t {
  Address,     // to `real`, and to `real_port` there unless that is 0
  Relay,       // to the relay: TCP
  NameServer,  // port 53 alone
};

// What an address of a network stands for. IPv4, host order.
struct ProfileTranslation {
  uint32_t address;
  uint32_t real;
  TranslationKind kind;
  uint32_t real_port;
};

struct RouterProfile {
  uint32_t rules;
  uint32_t translations;
};

enum class RouterReportKind : uint32_t {
  // flags; `address`: the router's on the machine's side; descriptors: the router's network namespace, name server UDP, name server TCP
  // (listening), relay (listening).
  Hello = 1,
  Answer = 2,  // error: 0 or an errno
};

enum RouterFlag : uint32_t {
  kRouterHasIpv6 = 1u << 0,
  kRouterFilteredByOthers = 1u << 1,  // a chain of somebody else's drops what the machine forwards (Hello)
};

struct RouterReport {
  uint32_t version;
  RouterReportKind kind;
  uint32_t sequence;
  int32_t error;
  uint32_t flags;
  uint32_t address;
};

static_assert(std::is_trivially_copyable_v<RouterRequest> && sizeof(RouterRequest) == 24);
static_assert(std::is_trivially_copyable_v<ProfileRule> && sizeof(ProfileRule) == 24);
static_assert(std::is_trivially_copyable_v<ProfileTranslation> && sizeof(ProfileTranslation) == 16);
static_assert(std::is_trivially_copyable_v<RouterReport> && sizeof(RouterReport) == 24);

}  // namespace mayfly::sandbox
