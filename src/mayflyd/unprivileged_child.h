// Work on what strangers have written, done by a child that has become the daemon's user.
#pragma once

#include <functional>

#include "base/json.h"
#include "base/result.h"
#include "mayflyd/privileges.h"

namespace mayfly::daemon {

// Forks (so: in one thread), lets the child give up its privileges and run `work`, and gives back what that answers, in at most 256 KiB.
// What the child prints goes where ours goes. It ends with us. Errors: the work's, with their hints; Fault (the child has died).
Result<json::Value> RunAsDaemonUser(const Identity& identity, const std::function<Result<json::Value>()>& work);

}  // namespace mayfly::daemon
