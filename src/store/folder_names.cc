#include "store/folder_names.h"

#include <dirent.h>

#include <cerrno>
#include <memory>

namespace mayfly::store {

Result<std::vector<std::string>> NamesIn(const std::string& path) {
  std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
  if (!directory) return Fail(Error::FromErrno("open " + path, errno));
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

}  // namespace mayfly::store
