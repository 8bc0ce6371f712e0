// Sealed messages: what a refusal tells in a form that only this daemon can read: encoded authorization messages, which
// sts:DecodeAuthorizationMessage opens again. AES-256-GCM over the text, deflated. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"

namespace mayfly::identity {

// What SessionKeys::KeyFor takes for these.
inline constexpr std::string_view kMessagePurpose = "authorization message";
inline constexpr size_t kSealedTextMax = 64 * 1024;  // longer texts are cut

// `key`: 32 bytes. Base64, URL-safe.
std::string SealMessage(std::string_view key, std::string_view text, Random& random);
// Error (InvalidAuthorizationMessageException): it was not sealed under this key.
Result<std::string> OpenMessage(std::string_view key, std::string_view sealed);

}  // namespace mayfly::identity
