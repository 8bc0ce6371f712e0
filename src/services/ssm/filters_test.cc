// If these fail, a list of parameters leaves out what a client asked for, or shows what it did not.
#include "services/ssm/filters.h"

#include <gtest/gtest.h>

namespace mayfly::ssm {
namespace {

ParameterRow Make(std::string path) {
  ParameterRow row;
  row.key = {"111122223333", "eu-west-1", std::move(path)};
  row.type = "String";
  row.newest.version = 2;
  row.tags = {{"team", "blue"}};
  row.labels = {{"prod", "1"}};
  return row;
}

bool Holds(const ParameterRow& row, std::string key, std::optional<std::string> option, std::vector<std::string> values) {
  const std::vector<ParameterStringFilter> filters = {{.key = std::move(key), .option = std::move(option), .values = std::move(values)}};
  return Matches(row, filters);
}

std::string Check(std::vector<ParameterStringFilter> filters, FilterUse use = FilterUse::Describe) {
  const auto checked = CheckFilters(filters, use);
  return checked ? "" : checked.error().code;
}

TEST(Filters, OfNames) {
  const ParameterRow row = Make("app/db");
  EXPECT_TRUE(Holds(row, "Name", std::nullopt, {"/app/db"}));
  EXPECT_TRUE(Holds(row, "Name", "Equals", {"x", "app/db"}));
  EXPECT_FALSE(Holds(row, "Name", "Equals", {"/app"}));
  EXPECT_TRUE(Holds(row, "Name", "BeginsWith", {"/app"}));
  EXPECT_TRUE(Holds(row, "Name", "Contains", {"p/d"}));
  EXPECT_FALSE(Holds(row, "Name", "Contains", {"q"}));
}

TEST(Filters, OfPaths) {
  const ParameterRow row = Make("app/db/password");
  EXPECT_TRUE(LiesBelow(row, "/app/db", Depth::OneLevel));
  EXPECT_TRUE(LiesBelow(row, "/app/db/", Depth::OneLevel));
  EXPECT_FALSE(LiesBelow(row, "/app", Depth::OneLevel));
  EXPECT_TRUE(LiesBelow(row, "/app", Depth::Recursive));
  EXPECT_TRUE(LiesBelow(row, "/", Depth::Recursive));
  EXPECT_FALSE(LiesBelow(row, "/", Depth::OneLevel));
  EXPECT_FALSE(LiesBelow(row, "/ap", Depth::Recursive)) << "a path, not a prefix";
  EXPECT_FALSE(LiesBelow(row, "/app/db/password", Depth::Recursive)) << "not itself";
  EXPECT_TRUE(LiesBelow(Make("db"), "/", Depth::OneLevel));
}

TEST(Filters, OfTagsLabelsAndKinds) {
  const ParameterRow row = Make("db");
  EXPECT_TRUE(Holds(row, "tag:team", std::nullopt, {}));
  EXPECT_TRUE(Holds(row, "tag:team", "Equals", {"red", "blue"}));
  EXPECT_FALSE(Holds(row, "tag:team", "Equals", {"red"}));
  EXPECT_FALSE(Holds(row, "tag:other", std::nullopt, {}));
  EXPECT_TRUE(Holds(row, "Label", std::nullopt, {"prod"}));
  EXPECT_FALSE(Holds(row, "Label", std::nullopt, {"test"}));
  EXPECT_TRUE(Holds(row, "Type", std::nullopt, {"SecureString", "String"}));
  EXPECT_TRUE(Holds(row, "Tier", std::nullopt, {"Standard"}));
  EXPECT_FALSE(Holds(row, "DataType", std::nullopt, {"aws:ec2:image"}));
}

TEST(Filters, AllMustHold) {
  const std::vector<ParameterStringFilter> both = {{.key = "Type", .values = {{"String"}}}, {.key = "Name", .values = {{"other"}}}};
  EXPECT_FALSE(Matches(Make("db"), both));
  EXPECT_TRUE(Matches(Make("other"), both));
}

TEST(Filters, AreRefusedAsAwsDoes) {
  EXPECT_EQ(Check({{.key = "Type", .values = {{"String"}}}}), "");
  EXPECT_EQ(Check({{.key = "tag:team"}}), "");
  EXPECT_EQ(Check({{.key = "Type", .values = {}}}), "InvalidFilterValue");
  EXPECT_EQ(Check({{.key = "Type", .option = "Like", .values = {{"x"}}}}), "InvalidFilterOption");
  EXPECT_EQ(Check({{.key = "Path", .values = {{"no path"}}}}), "ValidationException");
  EXPECT_EQ(Check({{.key = "Type", .values = {{"x"}}}, {.key = "Type", .values = {{"y"}}}}), "ValidationException");
  EXPECT_EQ(Check({{.key = "Label", .values = {{"x"}}}}), "InvalidFilterKey");
  EXPECT_EQ(Check({{.key = "Label", .values = {{"x"}}}}, FilterUse::ByPath), "");
  EXPECT_EQ(Check({{.key = "Name", .values = {{"x"}}}}, FilterUse::ByPath), "InvalidFilterKey");
  EXPECT_EQ(Check({{.key = "tag:x"}}, FilterUse::ByPath), "InvalidFilterKey");
}

}  // namespace
}  // namespace mayfly::ssm
