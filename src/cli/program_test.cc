// If these fail, a slip of the fingers is answered with a riddle.
#include "cli/program.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

namespace mayfly::cli {
namespace {

TEST(NearestWord, IsWhatWasMeant) {
  const std::vector<std::string> known = {"status", "serve", "list", "logs", "invoke"};
  EXPECT_EQ(NearestWord("statsu", known), "status");
  EXPECT_EQ(NearestWord("ls", known), "");
  EXPECT_EQ(NearestWord("lst", known), "list");
  EXPECT_EQ(NearestWord("inv", known), "invoke");
  EXPECT_EQ(NearestWord("deploy", known), "");
  EXPECT_EQ(NearestWord(std::string(10'000, 'x'), known), "");
}

class ProgramTest : public testing::Test {
 protected:
  ProgramTest() {
    CLI::App* list = program_.app().add_subcommand("list", "all of them");
    list->add_flag("--json", json_, "as JSON");
    list->add_option("--limit", limit_, "at most")->check(CLI::Range(1, 10));
    program_.OnCommand(list, [] { return 40; });
    CLI::App* runtime = program_.app().add_subcommand("runtime", "runtimes");
    runtime->require_subcommand(1);
    CLI::App* add = runtime->add_subcommand("add", "one more");
    add->add_option("identifier", identifier_, "which")->required();
    program_.OnCommand(add, [] { return 41; });
  }
  int Run(std::vector<const char*> words, std::string* said = nullptr) {
    words.insert(words.begin(), "mayfly");
    testing::internal::CaptureStderr();
    const int code = program_.Run(static_cast<int>(words.size()), words.data());
    const std::string text = testing::internal::GetCapturedStderr();
    if (said) *said = text;
    return code;
  }
  Program program_;
  bool json_ = false;
  int limit_ = 1;
  std::string identifier_;
};

TEST_F(ProgramTest, TheLastCommandRuns) {
  EXPECT_EQ(Run({"list", "--json"}), 40);
  EXPECT_EQ(Run({"runtime", "add", "x"}), 41);
}

TEST_F(ProgramTest, AWrongLineIsTold) {
  const struct {
    std::vector<const char*> words;
    const char* problem;
    const char* hint;
  } kCases[] = {
      {{"lsit"}, "'lsit' is no command of 'mayfly'", "did you mean 'list'?"},
      {{"--json"}, "'mayfly' wants a command", "'mayfly --help'"},
      {{"runtime"}, "'mayfly runtime' wants a command", "'mayfly runtime --help'"},
      {{"runtime", "ad"}, "'ad' is no command of 'mayfly runtime'", "did you mean 'add'?"},
      {{"list", "--jsn"}, "'--jsn' is no option of 'mayfly list'", "did you mean '--json'?"},
      {{"list", "--limit", "11"}, "--limit", "'mayfly list --help'"},
      {{"list", "--limit"}, "--limit", "'mayfly list --help'"},
      {{"list", "more"}, "more", "'mayfly list --help'"},
      {{"runtime", "add"}, "identifier", "'mayfly runtime add --help'"},
      {{"lsit\x1b[2J"}, "'lsit?[2J' is no command", "--help"},
  };
  for (const auto& wrong : kCases) {
    std::string said;
    EXPECT_EQ(Run(wrong.words, &said), 2) << wrong.words[0];
    EXPECT_NE(said.find(wrong.problem), std::string::npos) << said;
    EXPECT_NE(said.find(wrong.hint), std::string::npos) << said;
    EXPECT_TRUE(said.starts_with("mayfly: ")) << said;
  }
}

}  // namespace
}  // namespace mayfly::cli
