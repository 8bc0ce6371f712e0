// Who calls, and where: what AWS's own clients would read from the environment and from ~/.aws.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "identity/sigv4.h"

namespace mayfly::cli {

struct AwsSettings {
  std::optional<identity::SigningIdentity> identity;  // none found: the call is not signed
  std::string region;                                 // "": none is set
};

// nullopt: not set.
using Variables = std::function<std::optional<std::string>(const char* name)>;
using FileReader = std::function<Result<std::string>(const std::string& path)>;

// AWS_ACCESS_KEY_ID and its fellows; else the profile (AWS_PROFILE, or default) in AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE.
// Not an error: a file that is not there. What a profile would have to fetch (SSO, a role, a process) is not looked at.
AwsSettings ReadAwsSettings(const Variables& variables, const FileReader& read_file);
// Of this process.
AwsSettings ReadAwsSettings();

// The value of `key` in `[section]` of such a file; "" when it has none. Pure.
std::string FindInProfile(std::string_view text, std::string_view section, std::string_view key);

}  // namespace mayfly::cli
