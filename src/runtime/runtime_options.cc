#include "runtime/runtime_options.h"

#include <unistd.h>

#include <algorithm>

namespace mayfly::runtime {
namespace {

constexpr int kEnvironmentsByMemoryMax = 2000;
constexpr int64_t kBytesPerEnvironment = 16 << 20;
constexpr int kStartsPerProcessor = 4;  // enough to keep it busy, few enough to be done before the limit of Init
// Credentials inside functions: an environment is no longer used when less is left of them than an invocation may take.
constexpr Duration kCredentialsMargin = std::chrono::minutes(30);

int64_t MemoryReserveBytes(const RuntimeOptions& options, const Machine& machine) {
  if (options.memory_reserve_mib >= 0) return options.memory_reserve_mib << 20;
  return std::clamp<int64_t>(machine.memory_bytes / 10, 256 << 20, int64_t{2048} << 20);
}

}  // namespace

OptionGroup OptionsOf(RuntimeOptions& runtime) {
  OptionGroup group("Execution environments");
  group.Number("environments-max", runtime.environments_max, {0, 30'000},
               "execution environments on this machine; 0: one per 16 MiB of its memory, at most 2,000");
  group.Number("spare-cages", runtime.spare_cages, {0, 1'000}, "sandboxes made ahead of use");
  group.Number("zygotes-max", runtime.zygotes_max, {1, 1'000},
               "interpreters of single accounts (--zygotes account) that run at once; beyond, those least used end, and what starts meanwhile boots its own");
  group.Mebibytes("memory-max", runtime.manager.memory.bytes_max, {0, int64_t{1} << 30},
                  "MiB that all environments together may use, as measured, with what lies in /tmp; 0: what the machine has");
  group.Number("memory-reserve", runtime.memory_reserve_mib, {-1, int64_t{1} << 30},
               "MiB of the machine's memory that must stay available; -1: a tenth of it, 256 to 2,048");
  group.Seconds("idle-timeout", runtime.manager.idle_timeout, {0.001, 1e6}, "seconds after which an idle environment ends");
  group.Seconds("freeze-after", runtime.manager.freeze_after, {0.0, 1e6}, "seconds after which an idle environment gets no more CPU (AWS: at once)");
  group.Seconds("init-timeout", runtime.environment.init_timeout, {0.01, 900.0}, "seconds that the Init phase may take (AWS: 10)");
  group.Seconds("credentials-valid", runtime.credentials_valid, {1.0, 43200.0},
                "seconds for which credentials inside functions hold; an environment is renewed half an hour before their end, or at half their time");
  group.Choice("cpu-limit", runtime.environment.cpus_per_mib, {{"proportional", runtime.environment.cpus_per_mib}, {"off", 0.0}},
               "proportional: one CPU per 1,769 MB of function memory, as AWS; off: no limit");
  group.Kibibytes("function-log-rate", runtime.environment.log_bytes_per_second, {1, 1'000'000},
                  "KiB of output per second kept of each environment; more is dropped and counted");
  group.Mebibytes("streamed-response-max", runtime.environment.streaming.bytes_max, {1, 1'000'000}, "MiB that a function may stream in one answer");
  group.Kibibytes("stream-rate", runtime.environment.streaming.bytes_per_second, {0, 100'000'000},
                  "KiB per second of a streamed answer behind its first 6 MiB; 0: as fast as the client reads (AWS: 2048)");
  return group;
}

Machine Machine::This() {
  return {.memory_bytes = static_cast<int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGE_SIZE),
          .processors = std::max(1, static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN)))};
}

int EnvironmentsMax(const RuntimeOptions& options, const Machine& machine) {
  if (options.environments_max > 0) return options.environments_max;
  return static_cast<int>(std::clamp<int64_t>(machine.memory_bytes / kBytesPerEnvironment, 16, kEnvironmentsByMemoryMax));
}

int64_t MemoryOfAllBytes(const RuntimeOptions& options, const Machine& machine) {
  constexpr int64_t kLeast = 256 << 20;
  return std::max(machine.memory_bytes - MemoryReserveBytes(options, machine), std::min(kLeast, machine.memory_bytes));
}

EnvironmentOptions CompleteEnvironment(const RuntimeOptions& options) {
  EnvironmentOptions complete = options.environment;
  complete.log_burst_bytes = complete.log_bytes_per_second * 2;
  return complete;
}

ManagerOptions CompleteManager(const RuntimeOptions& options, const Machine& machine, MachineMemory& memory) {
  ManagerOptions complete = options.manager;
  complete.age_max = options.credentials_valid - std::min(kCredentialsMargin, options.credentials_valid / 2);
  complete.environments_max = EnvironmentsMax(options, machine);
  complete.memory.machine = &memory;
  complete.memory.reserve_bytes = MemoryReserveBytes(options, machine);
  complete.starts.places = kStartsPerProcessor * machine.processors;
  return complete;
}

}  // namespace mayfly::runtime
