#include "mayflyd/installed_interpreters.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "base/log.h"
#include "catalog/added_runtimes.h"

namespace mayfly::daemon {

std::string InstalledInterpretersFolder(const std::string& data_dir) { return data_dir + "/interpreters"; }

Result<UniqueFd> OpenInstalledInterpreters(const std::string& data_dir) {
  const std::string path = InstalledInterpretersFolder(data_dir);
  UniqueFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder) return Fail(Error::FromErrno("open " + path, errno));
  struct stat status{};
  if (::fstat(folder.get(), &status) != 0) return Fail(Error::FromErrno("stat " + path, errno));
  if (status.st_uid != 0 || (status.st_mode & 022) != 0) return Fail(Error::Fault(path + " is not root's own", "remove it"));
  return folder;
}

Result<UniqueFd> MakeInstalledInterpreters(const std::string& data_dir) {
  const std::string path = InstalledInterpretersFolder(data_dir);
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return Fail(Error::FromErrno("make " + path, errno));
  return OpenInstalledInterpreters(data_dir);
}

void RemoveUnusedInterpreters(const std::string& data_dir) {
  const auto folder = OpenInstalledInterpreters(data_dir);
  if (!folder || ::flock(folder->get(), LOCK_EX | LOCK_NB) != 0) return;
  const auto added = catalog::LoadAddedRuntimes(data_dir);
  if (!added) return;  // who looks for interpreters tells it
  std::set<std::string> kept;
  for (const catalog::AddedRuntime& runtime : *added) kept.insert(runtime.root.substr(runtime.root.rfind('/') + 1));
  std::error_code error;
  const std::filesystem::path opened = fmt::format("/proc/self/fd/{}", folder->get());
  for (const auto& entry : std::filesystem::directory_iterator(opened, error)) {
    if (kept.contains(entry.path().filename().string())) continue;
    std::filesystem::remove_all(entry.path(), error);
    if (error) log::Warning("remove {}: {}", entry.path().filename().string(), error.message());
  }
}

}  // namespace mayfly::daemon
