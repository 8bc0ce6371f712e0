// Docker's credential helpers: programs that give the password of a registry.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "images/registry_rules.h"

namespace mayfly::daemon {

// "user:password". Runs `docker-credential-NAME get`, found by PATH, as whoever calls, with their environment; at most `patience`,
// and no more than a pipe holds (64 KiB). Blocks. Errors: Fault (no such program, it fails, no answer in time, an answer that is none).
Result<std::string> AskCredentialHelper(const images::CredentialHelper& helper, Duration patience);

}  // namespace mayfly::daemon
