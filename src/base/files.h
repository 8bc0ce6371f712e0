// Small blocking file helpers; from a loop call them through a BlockingPool (except at start-up).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace mayfly {

Result<std::string> ReadFile(const std::string& path);
// Writes all of `bytes` where the descriptor stands. `path` is for the error's text.
Result<> WriteAll(int fd, std::string_view bytes, const std::string& path);
// Writes path + ".tmp", fsyncs it, renames it over `path` and fsyncs the folder: after a crash there is the old or the new.
Result<> WriteFileDurably(const std::string& path, std::string_view bytes, unsigned mode = 0644);
// fsync of a folder, so that a rename in it is durable.
Result<> SyncDirectory(const std::string& path);

}  // namespace mayfly
