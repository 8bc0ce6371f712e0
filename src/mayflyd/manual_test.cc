// If these fail, an option is missing on the manual page, or a text of ours is taken for a command of troff.
#include "mayflyd/manual.h"

#include <gtest/gtest.h>

namespace mayfly::daemon {
namespace {

TEST(Manual, HasEveryOption) {
  const Options options;
  const std::string page = WriteDaemonManual(options);
  EXPECT_TRUE(page.starts_with(".TH MAYFLYD 8"));
  for (const OptionGroup* group : options.groups()) {
    EXPECT_NE(page.find(".SS " + TroffText(group->title()) + "\n"), std::string::npos) << group->title();
    for (const Option& option : group->options()) {
      EXPECT_NE(page.find("\\fB\\-\\-" + TroffText(option.name) + "\\fR"), std::string::npos) << option.name;
      EXPECT_NE(page.find("Variable: " + option.VariableName() + "."), std::string::npos) << option.name;
    }
  }
}

TEST(Manual, TextIsNeverACommand) {
  EXPECT_EQ(TroffText("a-b"), "a\\-b");
  EXPECT_EQ(TroffText(".so /etc/passwd"), "\\&.so /etc/passwd");
  EXPECT_EQ(TroffText("'x\n.y"), "\\&'x\n\\&.y");
  EXPECT_EQ(TroffText("back\\slash"), "back\\eslash");
}

}  // namespace
}  // namespace mayfly::daemon
