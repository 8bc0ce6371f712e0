// Rows' texts as the catalog keeps them, in the store and in memory: JSON, packed by zstd with a dictionary of the words that
// rows are made of, since a hundred thousand rows say much the same. A row that is short, or was written plainly, is JSON.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace mayfly::resources {

// Usable from any thread.
std::string PackText(std::string_view json);
// Error: Fault, these are no packed text.
Result<std::string> UnpackText(std::string_view packed);

}  // namespace mayfly::resources
