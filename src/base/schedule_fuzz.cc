// Any text: a schedule or none, and a next time that comes later, on the clocks of any zone.
#include "base/schedule.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mayfly;
  static const TimeZone kZones[] = {TimeZone(), TimeZone::Find("Europe/Berlin").value_or(TimeZone()), TimeZone::Find("Australia/Lord_Howe").value_or(TimeZone())};
  for (const TimeZone& zone : kZones) {
    const auto schedule = Schedule::Parse({reinterpret_cast<const char*>(data), size}, zone);
    if (!schedule) return 0;
    const WallTime after(std::chrono::seconds(1767225600));
    const auto next = schedule->Next(after, after);
    MF_ASSERT(!next || *next > after);
  }
  return 0;
}
