#include "packages/extension_files.h"

#include <algorithm>
#include <filesystem>

namespace mayfly::packages {
namespace {

constexpr const char* kSwitchOff = "/disable-extensions-jwigqn8j";

}  // namespace

Result<std::vector<std::string>> ListExtensionFiles(const std::string& opt) {
  namespace fs = std::filesystem;
  std::vector<std::string> names;
  std::error_code error;
  if (fs::exists(fs::symlink_status(opt + kSwitchOff, error))) return names;
  fs::directory_iterator entries(opt + "/extensions", error);
  if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory) return names;
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    std::error_code ignored;
    if (!fs::is_directory(entries->symlink_status(ignored))) names.push_back(entries->path().filename());
  }
  if (error) return Fail(Error::FromErrno("list " + opt + "/extensions", error.value()));
  std::sort(names.begin(), names.end());
  if (names.size() > kExtensionFilesMax) names.resize(kExtensionFilesMax);
  return names;
}

}  // namespace mayfly::packages
