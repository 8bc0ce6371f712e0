// Any text: a schedule or an error, and a next time that comes later.
#include "services/autoscaling/schedule.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mayfly;
  const auto schedule = autoscaling::Schedule::Parse({reinterpret_cast<const char*>(data), size});
  if (!schedule) return 0;
  const WallTime after(std::chrono::seconds(1767225600));
  const auto next = schedule->Next(after, after);
  MF_ASSERT(!next || *next > after);
  return 0;
}
