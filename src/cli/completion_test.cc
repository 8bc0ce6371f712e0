// If these fail, a shell completes commands or options that do not exist, or breaks on a text of the help.
#include "cli/completion.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

namespace mayfly::cli {
namespace {

class CompletionTest : public testing::Test {
 protected:
  CompletionTest() {
    CLI::App* serve = app_.add_subcommand("serve", "run it, don't ask");
    serve->add_option("--auth", auth_, "who may call")->check(CLI::IsMember({"open", "strict"}));
    serve->add_option("--data-dir", data_, "where it's kept");
    CLI::App* runtime = app_.add_subcommand("runtime", "interpreters");
    runtime->add_subcommand("list", "all")->add_flag("--markdown", markdown_, "as a table");
  }
  CLI::App app_{"about", "tool"};
  std::string auth_, data_;
  bool markdown_ = false;
};

TEST_F(CompletionTest, ShellsThatWeKnow) {
  EXPECT_EQ(ShellOf("bash"), Shell::Bash);
  EXPECT_EQ(ShellOf("zsh"), Shell::Zsh);
  EXPECT_EQ(ShellOf("fish"), Shell::Fish);
  EXPECT_EQ(ShellOf("cmd"), std::nullopt);
}

TEST_F(CompletionTest, BashCompletesCommandsOptionsAndChoices) {
  const std::string script = WriteCompletion(app_, Shell::Bash);
  EXPECT_NE(script.find("'tool runtime list') path="), std::string::npos) << script;
  EXPECT_NE(script.find("'tool serve --auth') mapfile -t COMPREPLY < <(compgen -W 'open strict'"), std::string::npos) << script;
  EXPECT_NE(script.find("'tool serve --data-dir') mapfile -t COMPREPLY < <(compgen -f"), std::string::npos) << script;
  EXPECT_EQ(script.find("--markdown')"), std::string::npos) << "a flag has no value to complete";
}

// The shell itself says what it would offer.
TEST_F(CompletionTest, BashRunsTheScript) {
  const std::string script = WriteCompletion(app_, Shell::Bash) + R"(
COMP_WORDS=(tool serve --auth s); COMP_CWORD=3; _tool; echo "${COMPREPLY[*]}"
COMP_WORDS=(tool ru); COMP_CWORD=1; _tool; echo "${COMPREPLY[*]}"
COMP_WORDS=(tool runtime list --m); COMP_CWORD=3; _tool; echo "${COMPREPLY[*]}"
)";
  std::string output;
  FILE* bash = ::popen(("bash -c '" + [&] {
    std::string quoted;
    for (const char c : script) c == '\'' ? quoted += "'\\''" : quoted += c;
    return quoted;
  }() + "'").c_str(), "r");
  ASSERT_NE(bash, nullptr);
  for (int c = std::fgetc(bash); c != EOF; c = std::fgetc(bash)) output += static_cast<char>(c);
  EXPECT_EQ(::pclose(bash), 0);
  EXPECT_EQ(output, "strict\nruntime\n--markdown\n");
}

TEST_F(CompletionTest, FishQuotesTexts) {
  const std::string script = WriteCompletion(app_, Shell::Fish);
  EXPECT_NE(script.find(R"(-a serve -d 'run it, don'\''t ask')"), std::string::npos) << script;
  EXPECT_NE(script.find("-l auth -x -a 'open strict'"), std::string::npos) << script;
}

}  // namespace
}  // namespace mayfly::cli
