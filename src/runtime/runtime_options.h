// Options of execution environments: how many, how long, with what.
#pragma once

#include "base/option.h"
#include "runtime/environment.h"
#include "runtime/environment_manager.h"

namespace mayfly::runtime {

struct RuntimeOptions {
  EnvironmentOptions environment;
  ManagerOptions manager;
  int spare_cages = 4;
  int zygotes_max = 32;
  int environments_max = 0;         // 0: from the machine's memory
  int64_t memory_reserve_mib = -1;  // -1: from the machine's memory
  Duration credentials_valid = std::chrono::hours(12);
};
OptionGroup OptionsOf(RuntimeOptions& runtime);

// What the machine has; for tests, what it might have.
struct Machine {
  int64_t memory_bytes = 0;
  int processors = 1;

  static Machine This();
};
// How many environments the options mean on `machine`.
int EnvironmentsMax(const RuntimeOptions& options, const Machine& machine);
// What all sandboxes together may use, /tmp included: the machine's memory without the reserve.
int64_t MemoryOfAllBytes(const RuntimeOptions& options, const Machine& machine);
// The options with what follows from them and from the machine. `memory`: as ManagerOptions::memory.machine.
EnvironmentOptions CompleteEnvironment(const RuntimeOptions& options);
ManagerOptions CompleteManager(const RuntimeOptions& options, const Machine& machine, MachineMemory& memory);

}  // namespace mayfly::runtime
