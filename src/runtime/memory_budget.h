// MemoryBudget: whether the machine has the memory for one more execution environment, so that it never swaps or dies.
//
// What counts is what environments really use (the peak of each with what lies in its /tmp, as its cgroup measured it; what its function usually needs
// while it has not been measured), not the sum of configured sizes; and what the machine can still give, whoever uses the rest.
// Owned by EnvironmentManager, on its strand.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace mayfly::runtime {

// The machine, so that simulation can stand in.
class MachineMemory {
 public:
  virtual ~MachineMemory() = default;
  // What programs can still get without swapping. Negative: not known.
  virtual int64_t AvailableBytes() = 0;
};

// MemAvailable of /proc/meminfo.
class KernelMemory final : public MachineMemory {
 public:
  int64_t AvailableBytes() override;
};

struct MemoryOptions {
  MachineMemory* machine = nullptr;  // null: only bytes_max counts. Outlives the budget
  int64_t reserve_bytes = 0;         // must stay available on the machine
  int64_t bytes_max = 0;             // of all environments together; 0: no bound of its own
  int64_t expected_bytes = 24 << 20; // of an environment whose function has not been measured
};

class MemoryBudget {
 public:
  MemoryBudget(const Clock& clock, MemoryOptions options) : clock_(&clock), options_(options) {}

  // How much is missing for a new environment of `bytes`; 0: it has room.
  int64_t LackFor(int64_t bytes);
  // An environment is being made that will use `bytes`, as far as is known.
  void Expect(int64_t bytes);
  // It was measured: what was expected of it (or measured before) is replaced.
  void Measured(int64_t expected_bytes, int64_t bytes);
  void Remeasured(int64_t old_bytes, int64_t bytes) { used_bytes_ += bytes - old_bytes; }
  // It is gone. What is given back counts as available until the kernel is asked again.
  void Released(int64_t bytes, bool was_measured);

  int64_t used_bytes() const { return used_bytes_; }
  int64_t available_bytes() { return Available(); }  // beyond the reserve; INT64_MAX: not known
  const MemoryOptions& options() const { return options_; }

 private:
  int64_t Available();

  const Clock* clock_;
  MemoryOptions options_;
  int64_t used_bytes_ = 0;      // measured and expected
  int64_t expected_bytes_ = 0;  // the part that the kernel may not see yet
  int64_t freed_bytes_ = 0;     // since it was asked
  int64_t seen_bytes_ = -1;     // what it said
  std::optional<TimePoint> seen_at_;
};

}  // namespace mayfly::runtime
