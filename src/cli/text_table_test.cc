// If these fail, tables of the command stand crooked, are cut where nobody asked for it, or text of strangers gives orders to a terminal.
#include "cli/text_table.h"

#include <gtest/gtest.h>

namespace mayfly::cli {
namespace {

constexpr Terminal kPipe{};
constexpr Terminal kScreen{.is_terminal = true, .colours = true, .columns = 20, .rows = 10};

TEST(Table, ColumnsAreAsWideAsTheirWidestCell) {
  Table table({{"NAME"}, {"N", Table::Align::Right}, {"WHAT"}});
  table.Add({"a", "1", "first"});
  table.Add({"longer", "1000", ""});
  EXPECT_EQ(table.Write(kPipe), "NAME       N  WHAT\na          1  first\nlonger  1000\n");
}

TEST(Table, CharactersCountNotBytes) {
  Table table({{"NAME"}, {"X"}});
  table.Add({"grün", "1"});
  table.Add({"gruen", "2"});
  EXPECT_EQ(table.Write(kPipe), "NAME   X\ngrün   1\ngruen  2\n");
}

TEST(Table, FactsHaveNoHeading) {
  Table facts = Table::OfFacts();
  facts.Add({"up for", "4 s"});
  facts.Add({"version", "1"});
  EXPECT_EQ(facts.Write(kPipe), "up for   4 s\nversion  1\n");
}

TEST(Table, ALineEndsWhereTheTerminalDoes) {
  Table table({{"NAME"}, {"DESCRIPTION"}});
  table.Add({"a", "a description that is longer than the terminal"});
  table.Add({"a-name-that-is-longer-than-the-terminal", "x"});
  EXPECT_EQ(table.Write({.is_terminal = true, .columns = 12}), "NAME\na\na-name-that…\n");
  EXPECT_EQ(table.Write(kPipe).find("…"), std::string::npos) << "a pipe has no width";
}

TEST(Table, AColumnThatIsCutIsNotPaddedBeyondTheTerminal) {
  Table table({{"NAME"}, {"NUMBER", Table::Align::Right}, {"MORE", Table::Align::Right}});
  table.Add({"a", "1", "123456"});
  for (int columns = 1; columns < 25; ++columns) {
    const std::string text = table.Write({.is_terminal = true, .columns = columns});
    const size_t first = text.find('\n');
    EXPECT_LE(WidthOf(text.substr(0, first)), static_cast<size_t>(columns));
    EXPECT_LE(WidthOf(text.substr(first + 1)), static_cast<size_t>(columns) + 1);
  }
}

TEST(Table, ColoursAreForTerminals) {
  Table table({{"NAME"}});
  table.Add({{"bad", Style::Bad}});
  EXPECT_EQ(table.Write(kPipe), "NAME\nbad\n");
  EXPECT_EQ(table.Write(kScreen), "\x1b[1mNAME\x1b[0m\n\x1b[31mbad\x1b[0m\n");
}

TEST(Table, StrangersGiveNoOrdersToTheTerminal) {
  Table table({{"NAME"}});
  table.Add({"\x1b]0;title\a\r\nnext\xc2\x9b" "31m\xff"});
  EXPECT_EQ(table.Write(kPipe), "NAME\n?]0;title???next?31m\uFFFD\n");
}

TEST(Terminal, TextIsCutByCharacters) {
  EXPECT_EQ(CutTo("grünes", 6), "grünes");
  EXPECT_EQ(CutTo("grünes", 4), "grü…");
  EXPECT_EQ(CutTo("grünes", 1), "…");
  EXPECT_EQ(CutTo("grünes", 0), "");
}

}  // namespace
}  // namespace mayfly::cli
