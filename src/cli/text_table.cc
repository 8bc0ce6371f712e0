#include "cli/text_table.h"

#include <algorithm>

#include "base/result.h"

namespace mayfly::cli {
namespace {

constexpr size_t kGap = 2;  // blanks between columns

}  // namespace

Table Table::OfFacts() {
  Table table({{"", Align::Left}, {"", Align::Left}});
  table.has_heading_ = false;
  return table;
}

void Table::Add(std::vector<Cell> row) {
  MF_ASSERT(row.size() == columns_.size());
  for (Cell& cell : row) cell.text = Printable(cell.text);
  rows_.push_back(std::move(row));
}

std::string Table::WriteRow(const std::vector<Cell>& row, const std::vector<size_t>& widths, const Terminal& terminal) const {
  std::string line;
  size_t used = 0;
  for (size_t i = 0; i < row.size(); ++i) {
    const size_t room = terminal.columns > 0 ? static_cast<size_t>(terminal.columns) - used : std::string::npos;
    const std::string text = CutTo(row[i].text, room);
    const size_t padding = std::min(widths[i], room) - std::min(std::min(widths[i], room), WidthOf(text));
    const bool last = i + 1 == row.size();
    if (columns_[i].align == Align::Right) line.append(padding, ' ');
    line += Styled(terminal, row[i].style, text);
    if (columns_[i].align == Align::Left && !last) line.append(padding, ' ');
    if (!last) line.append(kGap, ' ');
    used += widths[i] + kGap;
    if (terminal.columns > 0 && used >= static_cast<size_t>(terminal.columns)) break;
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line + '\n';
}

std::string Table::Write(const Terminal& terminal) const {
  std::vector<size_t> widths;
  std::vector<Cell> heading;
  for (size_t i = 0; i < columns_.size(); ++i) {
    size_t width = WidthOf(columns_[i].name);
    for (const std::vector<Cell>& row : rows_) width = std::max(width, WidthOf(row[i].text));
    widths.push_back(width);
    heading.emplace_back(columns_[i].name, Style::Heading);
  }
  std::string out = has_heading_ ? WriteRow(heading, widths, terminal) : std::string();
  for (const std::vector<Cell>& row : rows_) out += WriteRow(row, widths, terminal);
  return out;
}

}  // namespace mayfly::cli
