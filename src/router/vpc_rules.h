// The rules of networks of functions, as nftables reads them, of what the daemon sends (sandbox/router_protocol.h).
//
// What comes is numbers only, and each is looked at: whatever the daemon sends, it becomes rules of these chains and nothing else.
// Profile N has two chains in the table `mayfly`: `pN`, where connections of its cages are decided by what they were begun to, and `nN`,
// which translates that to what it stands for. A cage is an element of three maps, members4, members6 and translated4. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/router_protocol.h"

namespace mayfly::router {

inline constexpr const char* kInternetChain = "network_internet";
inline constexpr const char* kResourceChain = "network_resource";

std::string Dotted(uint32_t address);

struct Profile {
  std::vector<sandbox::ProfileRule> rules;
  std::vector<sandbox::ProfileTranslation> translations;
};

// nullopt: not what the protocol says, or past its bounds.
std::optional<Profile> ReadProfile(std::string_view bytes);

// Commands. All of one text take effect at once, or not at all.
std::string PutProfileCommands(uint32_t number, const Profile& profile);
std::string RemoveProfileCommands(uint32_t number);

// What a cage goes by, beside a profile's number.
inline constexpr uint32_t kNothing = 0xffffffff;    // it begins no connection
inline constexpr uint32_t kEverybodys = 0xfffffffe;  // no element: what all go by
std::string MoveCommands(uint32_t address, uint32_t from, uint32_t to);

}  // namespace mayfly::router
