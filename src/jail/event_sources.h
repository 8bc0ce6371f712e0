// What the jail's epoll loop waits for: the upper half of an event's data, the lower half is an id.
#pragma once

#include <cstdint>

namespace mayfly::jail {

enum EventSource : uint32_t {
  kFromDaemon = 1,
  kFromSignals = 2,
  kFromJanitor = 3,
  kFromInit = 4,    // id: cage
  kFromZygote = 5,  // id: the jail's number of the zygote
};

}  // namespace mayfly::jail
