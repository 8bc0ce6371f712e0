// If these fail, a function runs on the wrong interpreter, or a runtime is refused or accepted against the rules.
#include "catalog/runtimes.h"

#include <gtest/gtest.h>

namespace mayfly::catalog {
namespace {

std::vector<Interpreter> Interpreters() {
  return {{.family = RuntimeFamily::Python, .version = 311, .full_version = "3.11.2", .cage_path = "/usr/bin/python3.11"},
          {.family = RuntimeFamily::Python, .version = 313, .full_version = "3.13.0", .cage_path = "/var/lang/bin/python3.13"},
          {.family = RuntimeFamily::Node, .version = 2000, .full_version = "20.20.2", .cage_path = "/usr/bin/node"}};
}

TEST(RuntimeTable, TakesTheExactInterpreterOrTheNearest) {
  const RuntimeTable table(Interpreters(), RuntimeTable::Mode::Nearest);
  EXPECT_EQ(table.Resolve("python3.11")->description, "python:3.11.2");
  EXPECT_TRUE(table.Resolve("python3.11")->exact);
  EXPECT_EQ(table.Resolve("python3.14")->description, "python:3.13.0 (serves python3.14)");
  EXPECT_EQ(table.Resolve("python3.8")->interpreter->version, 311);
  EXPECT_EQ(table.Resolve("nodejs24.x")->description, "nodejs:20.20.2 (serves nodejs24.x)");
  EXPECT_EQ(table.Resolve("provided.al2023")->interpreter, nullptr);
}

TEST(RuntimeTable, StrictRefusesWhatIsNotExact) {
  const RuntimeTable table(Interpreters(), RuntimeTable::Mode::Strict);
  EXPECT_TRUE(table.Resolve("python3.13"));
  EXPECT_EQ(table.Resolve("python3.14").error().code, "InvalidParameterValueException");
}

TEST(RuntimeTable, RefusesUnknownAndRemovedIdentifiersAsLambdaDoes) {
  const RuntimeTable table(Interpreters(), RuntimeTable::Mode::Nearest);
  EXPECT_TRUE(table.Resolve("python9.9").error().message.starts_with("Value python9.9 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: ["));
  EXPECT_TRUE(table.Resolve("python9.9").error().message.ends_with("] or be a valid ARN"));
  EXPECT_EQ(table.Resolve("python2.7").error().message,
            "The runtime parameter of python2.7 is no longer supported for creating or updating AWS Lambda functions. We recommend you use a "
            "supported runtime while creating or updating functions.");
  EXPECT_EQ(table.Resolve("java21").error().code, "InvalidParameterValueException");  // no java on this host
}

}  // namespace
}  // namespace mayfly::catalog
