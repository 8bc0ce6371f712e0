#include "router/settings_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

namespace mayfly::router {
namespace {

UniqueFd OpenSetting(const std::string& name, int flags) { return UniqueFd(open(("/proc/sys/net/" + name).c_str(), flags | O_CLOEXEC)); }

}  // namespace

int WriteSetting(const std::string& name, const char* value) {
  const UniqueFd file = OpenSetting(name, O_WRONLY);
  const auto size = static_cast<ssize_t>(strlen(value));
  return file && write(file.get(), value, strlen(value)) == size ? 0 : errno;
}

std::string ReadSetting(const std::string& name) {
  const UniqueFd file = OpenSetting(name, O_RDONLY);
  char text[256];
  ssize_t size = file ? read(file.get(), text, sizeof text) : -1;
  while (size > 0 && text[size - 1] == '\n') --size;
  return size > 0 ? std::string(text, static_cast<size_t>(size)) : std::string();
}

}  // namespace mayfly::router
