// If these fail, `mayfly top` shows the environments of another function, or one account those of another.
#include "edge/environment_figures.h"

#include <gtest/gtest.h>

namespace mayfly::edge {
namespace {

TEST(EnvironmentFigures, AreThoseOfTheAccount) {
  const std::map<std::string, runtime::FunctionUse> uses = {
      {"arn:aws:lambda:us-east-1:111122223333:function:f", {.environments = 3, .idle = 2, .memory_bytes = 5000}},
      {"arn:aws:lambda:eu-west-1:444455556666:function:g", {.environments = 1, .idle = 0, .memory_bytes = 7}},
      {"no arn", {.environments = 1, .idle = 0, .memory_bytes = 7}},
  };
  const std::string labels = "{account=\"111122223333\",region=\"us-east-1\",function_name=\"f\"}";
  EXPECT_EQ(WriteEnvironmentFigures(uses, "111122223333"),
            "mayfly_environments" + labels + " 3\nmayfly_environments_idle" + labels + " 2\nmayfly_environments_memory_bytes" + labels + " 5000\n");
  EXPECT_NE(WriteEnvironmentFigures(uses, "").find("function_name=\"g\"} 7"), std::string::npos);
  EXPECT_EQ(WriteEnvironmentFigures({}, ""), "");
}

}  // namespace
}  // namespace mayfly::edge
