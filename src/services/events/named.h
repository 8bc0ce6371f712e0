// Names of what an account has in a region beside buses and rules: archives, replays, connections, API destinations; and their ARNs.
// Values; pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/events/bus_names.h"

namespace mayfly::events {

struct Named {
  std::string account_id;
  std::string region;
  std::string name;

  std::string Key() const { return account_id + '/' + region + '/' + name; }
  std::string Place() const { return account_id + '/' + region + '/'; }
  // arn:aws:events:REGION:ACCOUNT:KIND/NAME, with /ID where there is one.
  std::string Arn(std::string_view kind, std::string_view id = {}) const;
  bool operator==(const Named&) const = default;
};

inline constexpr std::string_view kArchiveKind = "archive";
inline constexpr std::string_view kReplayKind = "replay";
inline constexpr std::string_view kConnectionKind = "connection";
inline constexpr std::string_view kDestinationKind = "api-destination";

Named NameOf(const Context& ctx, std::string name);
// The reverse of Key.
Named NamedOfKey(std::string_view key);

struct NamedArn {
  Named name;
  std::string id;  // "": it has none
};
std::optional<NamedArn> ParseNamedArn(std::string_view arn, std::string_view kind);

}  // namespace mayfly::events
