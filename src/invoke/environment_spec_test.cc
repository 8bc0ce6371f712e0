// If these fail, an environment is made for another size, or from another account's interpreter, than its function has.
#include "invoke/environment_spec.h"

#include <gtest/gtest.h>

namespace mayfly::invoke {
namespace {

TEST(EnvironmentSpec, ProcessorsFollowTheMemoryAsOnAws) {
  struct Row {
    int memory_mib, processors;
  };
  constexpr Row kRows[] = {{128, 2}, {1769, 2}, {3008, 2}, {3009, 3}, {5307, 3}, {5308, 4}, {7076, 4}, {7077, 5}, {8845, 5}, {8846, 6}, {10240, 6}};
  for (const Row& row : kRows) EXPECT_EQ(ProcessorsOnAws(row.memory_mib), row.processors) << row.memory_mib;
}

TEST(EnvironmentSpec, AZygoteIsEverybodysOrAnAccounts) {
  EXPECT_EQ(ZygoteGroup(ZygoteSharing::Shared, "111122223333"), 0u);
  EXPECT_EQ(ZygoteGroup(ZygoteSharing::Account, "111122223333"), 111122223333u);
  EXPECT_NE(ZygoteGroup(ZygoteSharing::Account, "111122223333"), ZygoteGroup(ZygoteSharing::Account, "111122223334"));
}

}  // namespace
}  // namespace mayfly::invoke
