// SessionData: what temporary credentials have of their own, beside whom they stand for. It lies packed in their token (session_keys.h):
// nothing of it is kept here. A value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mayfly::identity {

struct SessionData {
  // The unique id of the role or user when the session was made ("AROA…"): who has its name later is somebody else. "" for an account's root.
  std::string identity_id;
  std::string maker_arn;  // a federated user's: who made it
  std::string policy;     // the session policy's text; "" none
  std::vector<std::string> policy_arns;
  std::vector<std::pair<std::string, std::string>> tags;
  std::vector<std::string> transitive_tag_keys;  // of tags: those that a role takes over which this session assumes
  std::vector<std::pair<std::string, std::string>> context_keys;  // aws:FederatedProvider, HOST:sub, HOST:aud …
  std::string source_identity;
  int64_t issued_seconds = 0;  // since 1970

  bool operator==(const SessionData&) const = default;
};

// As it lies in a token: JSON, deflated. How long that may be: kPackedMax bytes.
inline constexpr size_t kPackedMax = 2048;
std::string Pack(const SessionData& data);
// nullopt: these are no packed data, or more than kUnpackedMax bytes of them.
inline constexpr size_t kUnpackedMax = 64 * 1024;
std::optional<SessionData> Unpack(std::string_view packed);

}  // namespace mayfly::identity
