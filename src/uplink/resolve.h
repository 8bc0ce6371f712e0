// The addresses that functions find behind a name.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace mayfly::uplink {

// An address is itself. Asks the machine's resolvers: blocks. Error: Fault; no such name.
Result<std::vector<std::string>> Resolve(const std::string& host);

}  // namespace mayfly::uplink
