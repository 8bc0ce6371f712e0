// If these fail, a machine gets more environments than its memory holds, or credentials end while an invocation runs.
#include "runtime/runtime_options.h"

#include <gtest/gtest.h>

namespace mayfly::runtime {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr int64_t kGib = int64_t{1} << 30;

struct NoMemory final : MachineMemory {
  int64_t AvailableBytes() override { return 0; }
};

TEST(RuntimeOptions, MemorySaysHowManyEnvironments) {
  RuntimeOptions options;
  EXPECT_EQ(EnvironmentsMax(options, {.memory_bytes = kGib}), 64);
  EXPECT_EQ(EnvironmentsMax(options, {.memory_bytes = kGib / 16}), 16);
  EXPECT_EQ(EnvironmentsMax(options, {.memory_bytes = 512 * kGib}), 2000);
  options.environments_max = 7;
  EXPECT_EQ(EnvironmentsMax(options, {.memory_bytes = kGib}), 7);
}

TEST(RuntimeOptions, ATenthOfMemoryStaysFree) {
  NoMemory memory;
  RuntimeOptions options;
  EXPECT_EQ(CompleteManager(options, {.memory_bytes = 10 * kGib}, memory).memory.reserve_bytes, kGib);
  EXPECT_EQ(CompleteManager(options, {.memory_bytes = kGib}, memory).memory.reserve_bytes, kGib / 4);
  EXPECT_EQ(CompleteManager(options, {.memory_bytes = 100 * kGib}, memory).memory.reserve_bytes, 2 * kGib);
  options.memory_reserve_mib = 0;
  EXPECT_EQ(CompleteManager(options, {.memory_bytes = 10 * kGib}, memory).memory.reserve_bytes, 0);
  EXPECT_EQ(CompleteManager(options, {.processors = 3}, memory).starts.places, 12);
}

TEST(RuntimeOptions, AnEnvironmentIsNotUsedWhenItsCredentialsAreAboutToEnd) {
  NoMemory memory;
  RuntimeOptions options;
  EXPECT_EQ(CompleteManager(options, {}, memory).age_max, hours(12) - minutes(30));
  options.credentials_valid = minutes(10);
  EXPECT_EQ(CompleteManager(options, {}, memory).age_max, minutes(5));
}

TEST(RuntimeOptions, CpuLimitAndLogRate) {
  RuntimeOptions options;
  const OptionGroup group = OptionsOf(options);
  const double proportional = options.environment.cpus_per_mib;
  const auto set = [&](std::string_view name, std::string text) {
    for (const Option& option : group.options()) {
      if (option.name == name) return option.set({&text, 1}).has_value();
    }
    return false;
  };
  EXPECT_GT(proportional, 0);
  EXPECT_TRUE(set("cpu-limit", "off"));
  EXPECT_EQ(options.environment.cpus_per_mib, 0);
  EXPECT_TRUE(set("cpu-limit", "proportional"));
  EXPECT_EQ(options.environment.cpus_per_mib, proportional);
  EXPECT_TRUE(set("function-log-rate", "100"));
  EXPECT_EQ(CompleteEnvironment(options).log_bytes_per_second, 100u << 10);
  EXPECT_EQ(CompleteEnvironment(options).log_burst_bytes, 200u << 10);
}

}  // namespace
}  // namespace mayfly::runtime
