#include "runtime/memory_budget.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/files.h"

namespace mayfly::runtime {
namespace {

constexpr Duration kSeenFor = std::chrono::milliseconds(50);  // reading /proc/meminfo takes the kernel some 30 µs

}  // namespace

int64_t KernelMemory::AvailableBytes() {
  const auto text = ReadFile("/proc/meminfo");
  constexpr std::string_view kName = "MemAvailable:";
  const size_t at = text ? text->find(kName) : std::string::npos;
  if (at == std::string::npos) return -1;
  const size_t digits = text->find_first_not_of(' ', at + kName.size());
  int64_t kib = -1;
  std::from_chars(text->data() + std::min(digits, text->size()), text->data() + text->size(), kib);
  return kib < 0 ? -1 : kib << 10;
}

int64_t MemoryBudget::Available() {
  if (!options_.machine) return std::numeric_limits<int64_t>::max();
  if (const TimePoint now = clock_->Now(); !seen_at_ || now - *seen_at_ >= kSeenFor) {
    seen_bytes_ = options_.machine->AvailableBytes();
    seen_at_ = now;
    freed_bytes_ = 0;
  }
  if (seen_bytes_ < 0) return std::numeric_limits<int64_t>::max();
  return seen_bytes_ + freed_bytes_ - expected_bytes_ - options_.reserve_bytes;
}

int64_t MemoryBudget::LackFor(int64_t bytes) {
  MF_ASSERT(bytes >= 0);
  int64_t lack = 0;
  if (options_.bytes_max > 0) lack = std::max(lack, used_bytes_ + bytes - options_.bytes_max);
  if (const int64_t available = Available(); available < bytes) lack = std::max(lack, bytes - available);
  return lack;
}

void MemoryBudget::Expect(int64_t bytes) {
  MF_ASSERT(bytes >= 0);
  used_bytes_ += bytes;
  expected_bytes_ += bytes;
}

void MemoryBudget::Measured(int64_t expected_bytes, int64_t bytes) {
  MF_ASSERT(expected_bytes >= 0 && expected_bytes <= expected_bytes_ && bytes >= 0);
  expected_bytes_ -= expected_bytes;
  used_bytes_ += bytes - expected_bytes;
}

void MemoryBudget::Released(int64_t bytes, bool was_measured) {
  MF_ASSERT(bytes >= 0 && bytes <= used_bytes_ && (was_measured || bytes <= expected_bytes_));
  used_bytes_ -= bytes;
  if (was_measured) freed_bytes_ += bytes;
  else expected_bytes_ -= bytes;
}

}  // namespace mayfly::runtime
