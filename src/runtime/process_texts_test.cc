#include "runtime/process_texts.h"

#include <gtest/gtest.h>

namespace mayfly::runtime {
namespace {

// Else errors and logs tell ends of processes in other words than AWS's.
TEST(ProcessTexts, EndsAreToldInTheWordsOfGo) {
  EXPECT_EQ(DescribeEndOfRuntime({.exit_code = 3}), "Runtime exited with error: exit status 3");
  EXPECT_EQ(DescribeEndOfRuntime({.signal = 9}), "Runtime exited with error: signal: killed");
  EXPECT_EQ(DescribeEndOfRuntime({.signal = 10}), "Runtime exited with error: signal: user defined signal 1");
  EXPECT_EQ(DescribeEndOfRuntime({.signal = 1}), "Runtime exited with error: signal: hangup");
  EXPECT_EQ(DescribeEndOfRuntime({.signal = 31}), "Runtime exited with error: signal: signal 31");
  EXPECT_EQ(DescribeEndOfRuntime({}), "Runtime exited without providing a reason");
  EXPECT_EQ(DescribeEndOfRuntime({.cage_died = true}), "Runtime exited with error: signal: killed");
}

TEST(ProcessTexts, FailedStartsNameNothingOfOurs) {
  EXPECT_EQ(DescribeFailedStart("/var/task/bootstrap", "EACCES"), "fork/exec /var/task/bootstrap: permission denied");
  EXPECT_EQ(DescribeFailedStart("/var/task/bootstrap", sandbox::kMissingInterpreter), "fork/exec /var/task/bootstrap: no such file or directory");
  EXPECT_EQ(DescribeFailedStart("/x", "Cancelled"), "fork/exec /x: resource temporarily unavailable");
}

}  // namespace
}  // namespace mayfly::runtime
