// /proc/sys/net of the network namespace in which the process is.
#pragma once

#include <string>

namespace mayfly::router {

// 0 or errno. ENOENT: this kernel has no such setting.
int WriteSetting(const std::string& name, const char* value);
// "" when there is none.
std::string ReadSetting(const std::string& name);

}  // namespace mayfly::router
