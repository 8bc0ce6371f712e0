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

TEST(RuntimeTable, ANewerJvmIsNearerThanAnOlderOne) {
  const RuntimeTable table({{.family = RuntimeFamily::Java, .version = 17, .full_version = "17.0.15"},
                            {.family = RuntimeFamily::Java, .version = 25, .full_version = "25.0.3"}}, RuntimeTable::Mode::Nearest);
  EXPECT_EQ(table.Resolve("java8.al2")->description, "java:17.0.15 (serves java8.al2)");
  EXPECT_EQ(table.Resolve("java21")->interpreter->version, 25);
  const RuntimeTable old({{.family = RuntimeFamily::Java, .version = 17, .full_version = "17.0.15"}}, RuntimeTable::Mode::Nearest);
  EXPECT_EQ(old.Resolve("java21")->interpreter->version, 17);
}

TEST(RuntimeTable, AnImageServesItsIdentifierAlone) {
  const std::string digest = "sha256:" + std::string(64, 'a');
  const RuntimeTable table(Interpreters(), RuntimeTable::Mode::Strict, RuntimeTable::Deprecation::Enforce,
                           {{.identifier = FindRuntime("dotnet8"), .reference = "public.ecr.aws/lambda/dotnet@" + digest},
                            {.identifier = FindRuntime("python3.11"), .reference = "oci:/python@" + digest}});
  const auto dotnet = table.Resolve("dotnet8");
  ASSERT_TRUE(dotnet && dotnet->image && dotnet->exact);
  EXPECT_EQ(dotnet->description, "dotnet8:sha256:aaaaaaaaaaaa");
  const auto python = table.Resolve("python3.11");
  EXPECT_TRUE(python && python->image && !python->interpreter);
  EXPECT_EQ(table.Resolve("dotnet6").error().code, "NotImplementedException");
  EXPECT_EQ(table.Resolve("python3.13")->image, nullptr);
}

TEST(RuntimeTable, ProgramsOfPackagesNeedNoInterpreter) {
  const RuntimeTable table(Interpreters(), RuntimeTable::Mode::Strict);
  for (const char* name : {"go1.x", "provided.al2023", "provided.al2", "provided"}) {
    const auto choice = table.Resolve(name);
    ASSERT_TRUE(choice) << name;
    EXPECT_TRUE(choice->exact && !choice->interpreter && !choice->image) << name;
  }
}

TEST(RuntimeTable, ANewerDotnetServesOlderAssemblies) {
  const auto host = [](int version) { return Interpreter{.family = RuntimeFamily::Dotnet, .version = version, .full_version = "x", .host_path = "/usr/bin/dotnet"}; };
  const RuntimeTable table({host(600), host(1000)}, RuntimeTable::Mode::Nearest);
  EXPECT_EQ(table.Resolve("dotnet8")->interpreter->version, 1000);
  EXPECT_FALSE(table.Resolve("dotnet8")->exact);
  EXPECT_TRUE(table.Resolve("dotnet10")->exact);
  EXPECT_EQ(RuntimeTable({}, RuntimeTable::Mode::Nearest).Resolve("dotnet8").error().code, "NotImplementedException");
}

TEST(RuntimeTable, StrictRefusesWhatIsNotExact) {
  const RuntimeTable table(Interpreters(), RuntimeTable::Mode::Strict);
  EXPECT_TRUE(table.Resolve("python3.13"));
  EXPECT_EQ(table.Resolve("python3.14").error().code, "InvalidParameterValueException");
}

WallTime Day(int year, unsigned month, unsigned day) {
  return std::chrono::sys_days(std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day));
}

std::string MessageOf(const Result<>& result) { return result ? "" : result.error().message; }

TEST(RuntimeTable, ListsForAnUnknownIdentifierWhatMayBeCreated) {
  const RuntimeTable table(Interpreters(), RuntimeTable::Mode::Nearest);
  const std::string message = MessageOf(table.CheckUse("python9.9", RuntimeUse::Create, Day(2026, 11, 24)));
  EXPECT_TRUE(message.starts_with("Value python9.9 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: ["));
  EXPECT_TRUE(message.ends_with("] or be a valid ARN"));
  EXPECT_NE(message.find("nodejs20.x"), std::string::npos);
  EXPECT_EQ(message.find("python2.7"), std::string::npos);
  EXPECT_EQ(MessageOf(table.CheckUse("python9.9", RuntimeUse::Create, Day(2027, 2, 1))).find("nodejs20.x"), std::string::npos);
  EXPECT_EQ(table.Resolve("java21").error().code, "InvalidParameterValueException");  // no java on this host
  EXPECT_EQ(table.Resolve("dotnet8").error().code, "NotImplementedException");
}

TEST(RuntimeTable, BlocksFromTheDayThatAwsNames) {
  const RuntimeTable table(Interpreters(), RuntimeTable::Mode::Nearest);
  EXPECT_EQ(MessageOf(table.CheckUse("python2.7", RuntimeUse::Create, Day(2026, 11, 24))),
            "The runtime parameter of python2.7 is no longer supported for creating or updating AWS Lambda functions. We recommend you use a "
            "supported runtime while creating or updating functions.");
  EXPECT_TRUE(table.CheckUse("nodejs20.x", RuntimeUse::Create, Day(2027, 1, 31)));
  EXPECT_FALSE(table.CheckUse("nodejs20.x", RuntimeUse::Create, Day(2027, 2, 1)));
  EXPECT_TRUE(table.CheckUse("nodejs20.x", RuntimeUse::Update, Day(2027, 3, 2)));
  EXPECT_FALSE(table.CheckUse("nodejs20.x", RuntimeUse::Update, Day(2027, 3, 3)));
  EXPECT_TRUE(table.CheckUse("nodejs26.x", RuntimeUse::Create, Day(2040, 1, 1)));  // not announced
  EXPECT_TRUE(table.Resolve("python2.7"));  // what exists goes on running
}

TEST(RuntimeTable, IgnoresDatesWhenTold) {
  const RuntimeTable table(Interpreters(), RuntimeTable::Mode::Nearest, RuntimeTable::Deprecation::Ignore);
  EXPECT_TRUE(table.CheckUse("python2.7", RuntimeUse::Create, Day(2026, 11, 24)));
  EXPECT_FALSE(table.CheckUse("python9.9", RuntimeUse::Create, Day(2026, 11, 24)));
}

TEST(RuntimeIdentifiers, AreDeprecatedBeforeTheyAreBlocked) {
  for (const RuntimeIdentifier& identifier : RuntimeIdentifiers()) {
    const DeprecationDates& dates = identifier.dates;
    EXPECT_LE(dates.block_create, dates.block_update) << identifier.name;
    EXPECT_EQ(dates.deprecated == 0, dates.block_update == 0) << identifier.name;
  }
}

}  // namespace
}  // namespace mayfly::catalog
