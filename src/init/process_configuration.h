// Reads a ProcessConfiguration (sandbox/jail_protocol.h) into what execve wants.
//
// Runs in the forked child, without privileges; the bytes come from outside and may be anything.
#pragma once

#include <stdint.h>

namespace mayfly::init {

struct ProcessImage {
  char** arguments = nullptr;    // null-terminated; arguments[0] is a path, or a name to look for in PATH
  char** environment = nullptr;  // null-terminated
  const char* working_directory = nullptr;
};

// 0 or an errno: EINVAL when the bytes are not a configuration, E2BIG, ENOMEM. The image's memory is never given back.
int ReadProcessConfiguration(int fd, ProcessImage& image);

}  // namespace mayfly::init
