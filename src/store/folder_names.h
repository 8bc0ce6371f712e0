// Blocking.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace mayfly::store {

// The names in a directory, without "." and "..", in no order.
Result<std::vector<std::string>> NamesIn(const std::string& path);

}  // namespace mayfly::store
