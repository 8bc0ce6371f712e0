// Tables on standard output: columns as wide as their widest cell.
#pragma once

#include <string>
#include <vector>

#include "cli/terminal.h"

namespace mayfly::cli {

class Table {
 public:
  enum class Align : unsigned char { Left, Right };
  struct Column {
    std::string name;
    Align align = Align::Left;
  };
  struct Cell {
    std::string text;
    Style style = Style::Plain;

    Cell(std::string text, Style style = Style::Plain) : text(std::move(text)), style(style) {}
    Cell(const char* text) : text(text) {}
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  // Facts one below the other: a name and what it is, without a heading.
  static Table OfFacts();

  // One cell for each column. Text of strangers may stand in it: Write makes it printable.
  void Add(std::vector<Cell> row);
  bool empty() const { return rows_.empty(); }
  size_t size() const { return rows_.size(); }
  // Lines with their ends. On a terminal a line that is too long is cut in its last column, or where the terminal ends; elsewhere nothing is cut.
  std::string Write(const Terminal& terminal) const;

 private:
  std::string WriteRow(const std::vector<Cell>& row, const std::vector<size_t>& widths, const Terminal& terminal) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
  bool has_heading_ = true;
};

}  // namespace mayfly::cli
